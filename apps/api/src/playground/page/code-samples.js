/** @import { InputPicture, Order } from './types.js' */

/** The key of a snippet is the environment's: text that is copied around must not carry it. */
const keyVariable = 'ZIMAGE_API_KEY';

/**
 * Snippets have no use for previews.
 *
 * @param {Order['body']} body
 */
const withoutPreviews = ({ preview_every, ...body }) => body;

/** @param {string} text */
const shell = (text) => `'${text.replaceAll("'", String.raw`'\''`)}'`;

/**
 * Text with each line but the first moved in.
 *
 * @param {string} text
 * @param {number} spaces
 */
const indent = (text, spaces) => text.replaceAll('\n', `\n${' '.repeat(spaces)}`);

/**
 * The body as JSON, which for texts and numbers is TypeScript and Python as well, with an expression as its `images`.
 *
 * @param {Order} order
 */
const literal = ({ body, pictures }) =>
  JSON.stringify({ ...withoutPreviews(body), ...(pictures.length > 0 && { images: '@' }) }, null, 2).replace(
    '"images": "@"',
    '"images": images',
  );

/** @type {Record<'curl' | 'typescript' | 'python', (url: string, order: Order) => string>} */
export const codeSamples = {
  curl: (url, order) =>
    order.pictures.length > 0
      ? curlForm(url, order)
      : [
          `curl -sS ${shell(url)} \\`,
          `  -H "Authorization: Bearer $${keyVariable}" \\`,
          `  -H 'Content-Type: application/json' -H 'Prefer: wait=60' \\`,
          `  -d ${shell(JSON.stringify(withoutPreviews(order.body), null, 2))}`,
        ].join('\n'),

  typescript: (url, order) => `${typescriptImages(order.pictures)}const response = await fetch(${JSON.stringify(url)}, {
  method: "POST",
  headers: {
    Authorization: \`Bearer \${process.env.${keyVariable}}\`,
    "Content-Type": "application/json",
    Prefer: "wait=60",
  },
  body: JSON.stringify(${indent(literal(order), 2)}),
});
const job: any = await response.json();
if (!response.ok) throw new Error(\`\${job.code}: \${job.detail}\`);
for (const image of job.images) console.log(image.url);
`,

  python: (url, order) => `${pythonImages(order.pictures)}request = urllib.request.Request(
    ${JSON.stringify(url)},
    headers={
        "Authorization": "Bearer " + os.environ["${keyVariable}"],
        "Content-Type": "application/json",
        "Prefer": "wait=60",
    },
    data=json.dumps(${indent(literal(order), 4)}).encode(),
)
with urllib.request.urlopen(request) as response:
    job = json.load(response)
for image in job["images"]:
    print(image["url"])
`,
};

/**
 * @param {string} url
 * @param {Order} order
 */
function curlForm(url, { body, pictures }) {
  const loads = pictures.flatMap((picture, i) =>
    'url' in picture ? [`curl -sS -o picture-${i + 1}.png ${shell(picture.url)}`] : [],
  );
  const fields = Object.entries(withoutPreviews(body)).map(
    ([name, value]) => `  --form-string ${shell(`${name}=${value}`)}`,
  );
  // A quoted file name: curl reads commas and semicolons of a bare one as its own.
  const files = pictures.map((picture, i) => {
    const name = 'url' in picture ? `picture-${i + 1}.png` : picture.name.replace(/["\\]/g, String.raw`\$&`);
    return `  -F ${shell(`image=@"${name}"`)}`;
  });
  const head = [`curl -sS ${shell(url)}`, `  -H "Authorization: Bearer $${keyVariable}" -H 'Prefer: wait=60'`];
  return [...loads, [...head, ...fields, ...files].join(' \\\n')].join('\n');
}

/** @param {InputPicture[]} pictures */
function typescriptImages(pictures) {
  if (pictures.length === 0) return '';
  const sources = pictures.map((picture) =>
    'url' in picture
      ? `Buffer.from(await (await fetch(${JSON.stringify(picture.url)})).arrayBuffer())`
      : `await readFile(${JSON.stringify(picture.name)})`,
  );
  const imports = pictures.some((picture) => 'file' in picture)
    ? 'import { readFile } from "node:fs/promises";\n\n'
    : '';
  const list = sources.map((source) => `  ${source},\n`).join('');
  return `${imports}const files = [\n${list}];
const images = files.map((file) => "data:image/png;base64," + file.toString("base64"));\n`;
}

/** @param {InputPicture[]} pictures */
function pythonImages(pictures) {
  const imports = `import ${pictures.length > 0 ? 'base64, ' : ''}json, os, urllib.request\n\n`;
  if (pictures.length === 0) return imports;
  const sources = pictures.map((picture) =>
    'url' in picture
      ? `urllib.request.urlopen(${JSON.stringify(picture.url)})`
      : `open(${JSON.stringify(picture.name)}, "rb")`,
  );
  const list = sources.map((source) => `    ${source},\n`).join('');
  return `${imports}files = [\n${list}]
images = ["data:image/png;base64," + base64.b64encode(file.read()).decode() for file in files]\n`;
}
