import { announce, find, make } from './dom.js';

/** @import { InputPicture, Order } from './types.js' */

const maxPictures = 4;
const list = find('#input-list', HTMLUListElement);
const drop = find('#drop', HTMLElement);
const files = find('#files', HTMLInputElement);

/** The pictures that a new one begins with: chosen, dropped, pasted, or results. */
export class InputPictures {
  /** @param {(pictures: InputPicture[]) => void} onChange */
  constructor(onChange) {
    /** @type {InputPicture[]} */
    this.pictures = [];
    this.onChange = onChange;
    files.addEventListener('change', () => {
      this.addFiles(files.files);
      files.value = '';
    });
    drop.addEventListener('dragover', (event) => {
      event.preventDefault();
      drop.classList.add('over');
    });
    drop.addEventListener('dragleave', () => drop.classList.remove('over'));
    drop.addEventListener('drop', (event) => {
      event.preventDefault();
      drop.classList.remove('over');
      this.addFiles(event.dataTransfer?.files);
    });
    document.addEventListener('paste', (event) => this.addFiles(event.clipboardData?.files));
  }

  /** @param {InputPicture} picture */
  add(picture) {
    this.pictures = [...this.pictures, picture].slice(-maxPictures);
    this.render();
    announce(`Begins with ${picture.name}`);
  }

  /** @param {FileList | null | undefined} chosen */
  addFiles(chosen) {
    for (const file of chosen ?? []) {
      if (file.type.startsWith('image/')) this.add({ name: file.name, file });
    }
  }

  clear() {
    this.pictures = [];
    this.render();
  }

  /** @param {InputPicture} picture */
  remove(picture) {
    this.pictures = this.pictures.filter((each) => each !== picture);
    this.render();
    announce(`${picture.name} is taken out`);
    files.focus();
  }

  render() {
    list.replaceChildren(
      ...this.pictures.map((picture) => {
        const src = 'file' in picture ? URL.createObjectURL(picture.file) : picture.url;
        const image = make('img', { src, alt: picture.name });
        image.addEventListener('load', () => URL.revokeObjectURL(src), { once: true });
        const remove = make('button', { type: 'button', ariaLabel: `Remove ${picture.name}` }, ['×']);
        remove.addEventListener('click', () => this.remove(picture));
        return make('li', {}, [image, remove]);
      }),
    );
    drop.hidden = this.pictures.length === maxPictures;
    find('span', HTMLElement, drop).textContent = this.pictures.length > 0 ? 'Add another' : 'Begin with a picture';
    this.onChange(this.pictures);
  }
}

/**
 * The fields of a body that are pictures, as the API takes them.
 *
 * @param {Order['inputs']} inputs
 */
export async function toInputs(inputs) {
  const fields = Object.entries(inputs).map(async ([field, input]) => [
    field,
    await (Array.isArray(input) ? Promise.all(input.map(toInput)) : toInput(input)),
  ]);
  return Object.fromEntries(await Promise.all(fields));
}

/**
 * A data URL, or, of a result in a storage that this page may not read, its URL.
 *
 * @param {InputPicture} picture
 * @returns {Promise<string>}
 */
async function toInput(picture) {
  if ('file' in picture) return dataUrl(picture.file);
  try {
    const response = await fetch(picture.url);
    return response.ok ? await dataUrl(await response.blob()) : picture.url;
  } catch {
    return picture.url;
  }
}

/**
 * @param {Blob} blob
 * @returns {Promise<string>}
 */
function dataUrl(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener('load', () => resolve(String(reader.result)));
    reader.addEventListener('error', () => reject(reader.error));
    reader.readAsDataURL(blob);
  });
}
