// Records what @graphql-inspector/core finds in every case of the corpus of changes that is about
// plain schemas, and shows what differs from the last recording.
//
//   node record.mjs ../../tests/supergraph/checks/corpus
//
// The answers go to `recorded.json` beside the cases: lines of grade and kind, sorted, without what
// additions bring along.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { diff, DiffRule } from '@graphql-inspector/core';
import { buildSchema } from 'graphql';

const GRADES = { BREAKING: 'breaking', DANGEROUS: 'dangerous', NON_BREAKING: 'safe' };

async function compare(old, now) {
  try {
    const changes = await diff(buildSchema(old), buildSchema(now), [DiffRule.simplifyChanges]);
    return changes.map((change) => `${GRADES[change.criticality.level]} ${change.type}`).sort();
  } catch (error) {
    return [`refused: ${error.message}`];
  }
}

const directory = process.argv[2];
const target = join(directory, 'recorded.json');
let before = {};
try {
  before = JSON.parse(readFileSync(target, 'utf8'));
} catch {
  // The first recording has nothing to be compared with.
}
const recorded = {};
for (const file of readdirSync(directory).filter((name) => name.endsWith('.txt')).sort()) {
  for (const block of readFileSync(join(directory, file), 'utf8').split(/^=== /m).slice(1)) {
    const parts = Object.fromEntries(
      block.split(/^--- /m).slice(1).map((part) => [part.split('\n')[0].trim(), part.slice(part.indexOf('\n') + 1)]),
    );
    if (!('old' in parts && 'new' in parts)) continue; // of subgraphs, which have names
    recorded[`${basename(file, '.txt')}: ${block.split('\n')[0].trim()}`] = await compare(parts.old, parts.new);
  }
}
let changes = 0;
for (const name of [...new Set([...Object.keys(before), ...Object.keys(recorded)])].sort()) {
  if (String(before[name]) === String(recorded[name])) continue;
  changes += 1;
  console.log(`${name}: was ${before[name]}, is ${recorded[name]}`);
}
console.log(`${Object.keys(recorded).length} cases recorded, ${changes} differ from the last recording.`);
writeFileSync(target, `${JSON.stringify(recorded, null, 1)}\n`);
