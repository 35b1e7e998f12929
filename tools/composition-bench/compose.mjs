// Composes subgraphs several times with @apollo/composition and prints how long each time took.
//
//   node compose.mjs SUBGRAPHS.json ROUNDS
//
// The file is a list of { name, url, sdl }. The output is JSON: { seconds: [...], errors }.
import { readFileSync } from 'node:fs';
import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';

const [file, rounds] = process.argv.slice(2);
const subgraphs = JSON.parse(readFileSync(file, 'utf8'));
const seconds = [];
let errors = 0;
for (let round = 0; round < Number(rounds); round++) {
  const started = performance.now();
  const result = composeServices(
    subgraphs.map(({ name, url, sdl }) => ({ name, url, typeDefs: parse(sdl) })),
  );
  seconds.push((performance.now() - started) / 1000);
  errors = result.errors?.length ?? 0;
}
console.log(JSON.stringify({ seconds, errors }));
