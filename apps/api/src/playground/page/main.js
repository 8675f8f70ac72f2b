import { Api, ApiProblem } from './api.js';
import { ApiKey } from './api-key.js';
import { CodeDialog } from './code-dialog.js';
import { Composer } from './composer.js';
import { find } from './dom.js';
import { Gallery } from './gallery.js';
import { toInputs } from './input-pictures.js';
import { KeyDialog } from './key-dialog.js';
import { PictureDialog } from './picture-dialog.js';

/** @import { Tile } from './tile.js' */
/** @import { Order } from './types.js' */

const key = new ApiKey();
const api = new Api(key);
const composer = new Composer((order) => void make(order));
const keyDialog = new KeyDialog(key, () => void load());
const codeDialog = new CodeDialog();
const generate = find('#generate', HTMLButtonElement);

const pictureDialog = new PictureDialog({
  edit,
  reuse: ({ job, result }) => composer.reuse(job, result?.seed ?? job.request.seed),
  remove: ({ job }) => gallery.remove(job.id),
});
const gallery = new Gallery(api, {
  open: (tile) => pictureDialog.open(tile),
  edit,
  ended: () => void refreshModels(),
  problem: showProblem,
});

find('#open-code', HTMLButtonElement).addEventListener('click', () => codeDialog.open(composer.order()));
for (const chip of document.querySelectorAll('.chips button')) {
  chip.addEventListener('click', () => composer.setPrompt(chip.textContent ?? ''));
}
document.addEventListener('visibilitychange', () => {
  if (!document.hidden && key.value !== null) void refreshModels();
});
void load();

/** All that needs the key; asks for it when there is none. */
async function load() {
  if (key.value === null) {
    keyDialog.open();
    return;
  }
  await Promise.all([refreshModels(), gallery.restore()]);
}

async function refreshModels() {
  try {
    composer.models.set(await api.models());
  } catch (error) {
    showProblem(error);
  }
}

/** @param {Order} order */
async function make({ path, body, inputs }) {
  // Not disabled: a button that is gets no key, and a reader with a keyboard would have to find it again.
  if (generate.ariaBusy === 'true') return;
  generate.ariaBusy = 'true';
  try {
    gallery.add(await api.create(path, { ...body, ...(await toInputs(inputs)) }));
  } catch (error) {
    showProblem(error);
  } finally {
    generate.ariaBusy = 'false';
  }
}

/** @param {Tile} tile */
function edit({ job, result }) {
  if (result) composer.edit({ name: job.request.prompt, url: result.url });
}

/** @param {unknown} error */
function showProblem(error) {
  if (!(error instanceof ApiProblem)) throw error;
  if (error.code === 'unauthenticated') keyDialog.open('The service does not know this key');
  else composer.showProblem(error);
}
