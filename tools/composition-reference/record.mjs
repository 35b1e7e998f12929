// Records what @apollo/composition answers to every case of the corpus, and shows what changed.
//
//   node record.mjs ../../tests/supergraph/corpus
//
// Each `*.txt` there holds cases (`=== title`) of subgraphs (`--- name`, then SDL); its README tells
// the form. The answers go to `recorded.json` beside them.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';

const SINCE = {
  key: 0, requires: 0, provides: 0, external: 0, extends: 0, tag: 0, inaccessible: 0, shareable: 0,
  override: 0, composeDirective: 1, interfaceObject: 3, authenticated: 5, requiresScopes: 5,
  policy: 6, context: 8, fromContext: 8, cost: 9, listSize: 9, cacheTag: 12,
};

/** The link of a heading such as `name (v2.9)`: everything that version has is imported. */
function link(version) {
  const minor = Number(version.split('.')[1]);
  const names = Object.keys(SINCE).filter((name) => SINCE[name] <= minor);
  const imports = names.map((name) => `"@${name}"`).join(', ');
  return `extend schema @link(url: "https://specs.apollo.dev/federation/${version}", import: [${imports}])\n`;
}

function sdlOf(heading, sdl) {
  const version = /\((v2\.\d+)\)/.exec(heading)?.[1];
  if (version) return link(version) + sdl;
  if (heading.includes('(federation 1)') || /@li?nk\b/.test(sdl)) return sdl;
  return link('v2.9') + sdl;
}

/** Errors of plain GraphQL come without a code. */
const code = (error) => error.extensions?.code ?? (error.name === 'GraphQLError' ? 'INVALID_GRAPHQL' : 'THROWN');

function compose(subgraphs) {
  try {
    const result = composeServices(
      subgraphs.map(({ name, sdl }) => ({ name, url: `http://${name}`, typeDefs: parse(sdl) })),
    );
    return {
      errors: (result.errors ?? []).map(code),
      messages: (result.errors ?? []).map((error) => error.message),
      hints: (result.hints ?? []).map((hint) => hint.definition.code),
      hintMessages: (result.hints ?? []).map((hint) => hint.message),
      sdl: result.supergraphSdl ?? null,
    };
  } catch (error) {
    // Some mistakes are thrown: as errors with codes, as a parse error, or as a failure of its own.
    const causes = error.errors ?? error.causes ?? [error];
    return { errors: causes.map(code), messages: causes.map((cause) => cause.message), hints: [], hintMessages: [], sdl: null };
  }
}

const directory = process.argv[2];
const shown = process.argv[3];
const target = join(directory, 'recorded.json');
let before = {};
try {
  before = JSON.parse(readFileSync(target, 'utf8'));
} catch {
  // The first recording has nothing to be compared with.
}
const recorded = {};
for (const file of readdirSync(directory).filter((name) => name.endsWith('.txt')).sort()) {
  const text = readFileSync(join(directory, file), 'utf8');
  for (const block of text.split(/^=== /m).slice(1)) {
    const [title, ...rest] = block.split('\n');
    const subgraphs = rest.join('\n').split(/^--- /m).slice(1).map((part) => {
      const [heading, ...lines] = part.split('\n');
      return { name: heading.replace(/ \((federation 1|v2\.\d+)\)/, '').trim(), sdl: sdlOf(heading, lines.join('\n')) };
    });
    const name = `${basename(file, '.txt')}: ${title.trim()}`;
    const found = compose(subgraphs);
    if (shown && name.includes(shown)) {
      console.log(name, found.errors, found.messages, found.hints, found.hintMessages, `\n${found.sdl}`);
    }
    recorded[name] = {
      errors: [...new Set(found.errors)].sort(),
      hints: [...new Set(found.hints)].sort(),
      sdl: found.sdl,
    };
  }
}
const text = (value) => JSON.stringify(value, null, 1);
let changes = 0;
for (const name of [...new Set([...Object.keys(before), ...Object.keys(recorded)])].sort()) {
  if (text(before[name]) === text(recorded[name])) continue;
  changes += 1;
  if (!(name in before)) console.log(`new      ${name}: ${recorded[name].errors} ${recorded[name].hints}`);
  else if (!(name in recorded)) console.log(`removed  ${name}`);
  else console.log(`changed  ${name}: was ${before[name].errors} ${before[name].hints}, is ${recorded[name].errors} ${recorded[name].hints}`);
}
console.log(`${Object.keys(recorded).length} cases recorded, ${changes} differ from the last recording.`);
writeFileSync(target, `${text(recorded)}\n`);
