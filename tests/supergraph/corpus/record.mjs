// Records what @apollo/composition says to the corpus: `node record.mjs`, in a directory where
// `npm i @apollo/composition graphql` was run (pass this file's directory as the argument).
import { createRequire } from 'node:module';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const require = createRequire(join(process.cwd(), 'package.json'));
const { composeServices } = require('@apollo/composition');
const { parse } = require('graphql');

const LINK = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [
  "@key", "@shareable", "@external", "@requires", "@provides", "@override", "@inaccessible",
  "@tag", "@interfaceObject", "@extends"])\n`;

function compose(subgraphs) {
  try {
    const result = composeServices(
      subgraphs.map(({ name, sdl }) => ({ name, url: `http://${name}`, typeDefs: parse(sdl) })),
    );
    return {
      errors: (result.errors ?? []).map((error) => error.extensions.code),
      hints: (result.hints ?? []).map((hint) => hint.definition.code),
      sdl: result.supergraphSdl ?? null,
    };
  } catch (error) {
    const causes = error.errors ?? error.causes ?? [error];
    return { errors: causes.map((cause) => cause.extensions?.code ?? 'THROWN'), hints: [], sdl: null };
  }
}

const directory = process.argv[2];
const recorded = {};
for (const file of readdirSync(directory).filter((name) => name.endsWith('.txt')).sort()) {
  const text = readFileSync(join(directory, file), 'utf8');
  for (const block of text.split(/^=== /m).slice(1)) {
    const [title, ...rest] = block.split('\n');
    const subgraphs = rest.join('\n').split(/^--- /m).slice(1).map((part) => {
      const [heading, ...lines] = part.split('\n');
      const name = heading.replace(' (federation 1)', '').trim();
      const sdl = lines.join('\n');
      const isLinked = heading.includes('(federation 1)') || /@li?nk\b/.test(sdl);
      return { name, sdl: isLinked ? sdl : LINK + sdl };
    });
    const found = compose(subgraphs);
    recorded[`${basename(file, '.txt')}: ${title.trim()}`] = {
      errors: [...new Set(found.errors)].sort(),
      hints: [...new Set(found.hints)].sort(),
      sdl: found.sdl,
    };
  }
}
writeFileSync(join(directory, 'recorded.json'), `${JSON.stringify(recorded, null, 1)}\n`);
