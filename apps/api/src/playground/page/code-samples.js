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
 * The pictures in the order of their fields.
 *
 * @param {Order} order
 * @returns {InputPicture[]}
 */
const picturesOf = ({ inputs }) => Object.values(inputs).flat();

/**
 * The body as JSON, which for texts and numbers is TypeScript and Python as well, with a variable of the field's name for each
 * of its pictures.
 *
 * @param {Order} order
 */
function literal({ body, inputs }) {
  const names = Object.keys(inputs);
  const lines = JSON.stringify(
    { ...withoutPreviews(body), ...Object.fromEntries(names.map((name) => [name, '@'])) },
    null,
    2,
  );
  return names.reduce((text, name) => text.replace(`"${name}": "@"`, `"${name}": ${name}`), lines);
}

/**
 * The variables that {@link literal} has, to be filled from a list: `images`, or `[image, mask]`.
 *
 * @param {Order} order
 */
const variables = ({ inputs }) => ('images' in inputs ? 'images' : `[${Object.keys(inputs).join(', ')}]`);

/** @type {Record<'curl' | 'typescript' | 'python', (url: string, order: Order) => string>} */
export const codeSamples = {
  curl: (url, order) => ('images' in order.inputs ? curlForm(url, order) : curlJson(url, order)),

  typescript: (url, order) => `${typescriptImages(order)}const response = await fetch(${JSON.stringify(url)}, {
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

  python: (url, order) => `${pythonImages(order)}request = urllib.request.Request(
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
function curlJson(url, order) {
  const head = [
    `curl -sS ${shell(url)}`,
    `  -H "Authorization: Bearer $${keyVariable}"`,
    `  -H 'Content-Type: application/json' -H 'Prefer: wait=60'`,
  ].join(' \\\n');
  const json = JSON.stringify(withoutPreviews(order.body), null, 2);
  const names = Object.keys(order.inputs);
  if (names.length === 0) return `${head} \\\n  -d ${shell(json)}`;
  // Pictures come by a pipe: they are too long for an argument.
  const opened = json.replace(/\n\}$/, '');
  const parts = names.flatMap((name, i) => [
    `  printf '%s' ${shell(`${i === 0 ? opened : '"'},\n  "${name}": "data:image/png;base64,`)}`,
    `  base64 < ${shell(fileOf(picturesOf(order)[i], i))} | tr -d '\\n'`,
  ]);
  return [...downloads(order), '{', ...parts, `  printf '"}'`, `} | ${head} -d @-`].join('\n');
}

/**
 * @param {string} url
 * @param {Order} order
 */
function curlForm(url, order) {
  const fields = Object.entries(withoutPreviews(order.body)).map(([name, value]) => {
    const text = typeof value === 'object' ? JSON.stringify(value) : value;
    return `  --form-string ${shell(`${name}=${text}`)}`;
  });
  // A quoted file name: curl reads commas and semicolons of a bare one as its own.
  const files = picturesOf(order).map(
    (picture, i) => `  -F ${shell(`image=@"${fileOf(picture, i).replace(/["\\]/g, String.raw`\$&`)}"`)}`,
  );
  const head = [`curl -sS ${shell(url)}`, `  -H "Authorization: Bearer $${keyVariable}" -H 'Prefer: wait=60'`];
  return [...downloads(order), [...head, ...fields, ...files].join(' \\\n')].join('\n');
}

/**
 * The file that a picture is in, once {@link downloads} have run.
 *
 * @param {InputPicture | undefined} picture
 * @param {number} i
 */
const fileOf = (picture, i) => (picture && 'file' in picture ? picture.name : `picture-${i + 1}.png`);

/** @param {Order} order */
const downloads = (order) =>
  picturesOf(order).flatMap((picture, i) =>
    'url' in picture ? [`curl -sS -o ${fileOf(picture, i)} ${shell(picture.url)}`] : [],
  );

/** @param {Order} order */
function typescriptImages(order) {
  const pictures = picturesOf(order);
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
const ${variables(order)} = files.map((file) => "data:image/png;base64," + file.toString("base64"));\n`;
}

/** @param {Order} order */
function pythonImages(order) {
  const pictures = picturesOf(order);
  const imports = `import ${pictures.length > 0 ? 'base64, ' : ''}json, os, urllib.request\n\n`;
  if (pictures.length === 0) return imports;
  const sources = pictures.map((picture) =>
    'url' in picture
      ? `urllib.request.urlopen(${JSON.stringify(picture.url)})`
      : `open(${JSON.stringify(picture.name)}, "rb")`,
  );
  const list = sources.map((source) => `    ${source},\n`).join('');
  return `${imports}files = [\n${list}]
${variables(order)} = ["data:image/png;base64," + base64.b64encode(file.read()).decode() for file in files]\n`;
}
