/**
 * Copies what entry points need, and nothing else, into a folder: their own files and those of node_modules that they can
 * reach (@vercel/nft). The API's image has no ONNX Runtime in it because of this, and a worker's has one platform's of four.
 *
 *   node scripts/trace-image.mjs OUT [--without PACKAGE]… ENTRY…
 */
import { cp, mkdir, readFile, realpath } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { nodeFileTrace } from '@vercel/nft';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { without: { type: 'string', multiple: true, default: [] } },
});
const [out, ...entries] = positionals;
if (!out || entries.length === 0) {
  console.error('usage: node scripts/trace-image.mjs OUT [--without PACKAGE]… ENTRY…');
  process.exit(2);
}

const root = process.cwd();
const runtime = 'node_modules/onnxruntime-node/';
const isLeftOut = (path) =>
  values.without.some((name) => path.startsWith(`node_modules/${name}/`)) || path.startsWith(`${runtime}bin/`);

// Node's own conditions: without module-sync the tracer takes another file of a package than Node does.
const conditions = ['node', 'module-sync'];
const { fileList, warnings } = await nodeFileTrace(entries, { base: root, conditions, ignore: isLeftOut });
// A package that is reached only when its feature is used may lack an optional part; a missing file of our own is a fault.
const faults = [...warnings].filter(({ message }) => message.includes(join(root, 'dist')));
if (faults.length > 0) {
  for (const { message } of faults) console.error(message);
  process.exit(1);
}

const inRoot = (path) => !path.startsWith('..');
const files = [...fileList].filter(inRoot);
for (const file of files) await copy(file);
// Loaded by a name that is put together at run time: the binding and the library that it opens, of this platform alone.
if (files.some((file) => file.startsWith(runtime))) {
  await copy(`${runtime}bin/napi-v6/${process.platform}/${process.arch}`);
}
await copy('package.json');

/** Links (a package manager's, or none) become the files they lead to. */
async function copy(file) {
  const target = join(out, file);
  await mkdir(dirname(target), { recursive: true });
  await cp(await realpath(file), target, { recursive: true, dereference: true });
}

const { name } = JSON.parse(await readFile('package.json', 'utf8'));
console.log(`${name}: ${fileList.size} files → ${relative(root, out) || out}`);
