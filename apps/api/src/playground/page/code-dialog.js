import { codeSamples } from './code-samples.js';
import { announce, find, prepareDialog } from './dom.js';

/** @import { Order } from './types.js' */

const dialog = find('#code', HTMLDialogElement);
const languages = find('#languages', HTMLFieldSetElement);
const text = find('#code-text', HTMLElement);

/** The call that the form would make, to be copied. */
export class CodeDialog {
  constructor() {
    /** @type {Order | undefined} */
    this.order = undefined;
    prepareDialog(dialog);
    languages.addEventListener('change', () => this.render());
    find('#code-copy', HTMLButtonElement).addEventListener('click', () => void copy());
  }

  /** @param {Order} order */
  open(order) {
    this.order = order;
    this.render();
    dialog.showModal();
  }

  render() {
    if (!this.order) return;
    const language = find('input:checked', HTMLInputElement, languages).value;
    const url = new URL(this.order.path, document.baseURI).href;
    text.textContent = codeSamples[/** @type {keyof typeof codeSamples} */ (language)](url, this.order);
  }
}

async function copy() {
  try {
    await navigator.clipboard.writeText(text.textContent ?? '');
    announce('Copied');
    find('#code-copy', HTMLButtonElement).textContent = 'Copied';
    setTimeout(() => (find('#code-copy', HTMLButtonElement).textContent = 'Copy'), 2000);
  } catch {
    // No clipboard without https: then the reader copies by hand what is marked.
    getSelection()?.selectAllChildren(text);
    announce('The code is marked: copy it');
  }
}
