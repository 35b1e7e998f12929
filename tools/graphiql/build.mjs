// Bundles GraphiQL into gateway/server/graphiql, with the licences of everything in the bundle.
import { build } from "esbuild";
import { copyFile, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "../../gateway/server/graphiql");

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });

const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: { graphiql: "main.js" },
  outdir: out,
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2020",
  legalComments: "none",
  define: { "process.env.NODE_ENV": '"production"' },
  loader: { ".woff2": "dataurl", ".svg": "dataurl" },
  metafile: true,
  logLevel: "info",
});
await copyFile(join(here, "index.html"), join(out, "index.html"));
await writeFile(join(out, "LICENSES"), await licences(Object.keys(metafile.inputs)));

/** The licence texts of the packages whose files were bundled, in alphabetical order. */
async function licences(inputs) {
  const packages = new Set();
  for (const input of inputs) {
    const match = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (match) packages.add(match[1]);
  }
  const parts = [];
  for (const path of [...packages].sort()) {
    const directory = join(here, path);
    const { name, version, license } = JSON.parse(
      await readFile(join(directory, "package.json"), "utf8"),
    );
    const file = (await readdir(directory)).find((entry) => /^licen[cs]e/i.test(entry));
    const text = file ? (await readFile(join(directory, file), "utf8")).trim() : "(no licence file; see the package)";
    parts.push(`${name} ${version} (${license})\n\n${text}`);
  }
  return parts.join(`\n\n${"-".repeat(80)}\n\n`) + "\n";
}
