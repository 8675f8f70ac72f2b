import { find, prepareDialog } from './dom.js';

/** @import { ApiKey } from './api-key.js' */

const dialog = find('#key', HTMLDialogElement);
const input = find('#key-input', HTMLInputElement);
const remember = find('#key-remember', HTMLInputElement);
const message = find('#key-error', HTMLElement);

/** Asks for the API key, once. */
export class KeyDialog {
  /**
   * @param {ApiKey} key
   * @param {() => void} onChange
   */
  constructor(key, onChange) {
    this.key = key;
    prepareDialog(dialog);
    find('#open-key', HTMLButtonElement).addEventListener('click', () => this.open());
    find('#key-forget', HTMLButtonElement).addEventListener('click', () => {
      key.forget();
      dialog.close();
      onChange();
    });
    find('#key-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      const value = input.value.trim();
      message.textContent = value === '' ? 'Enter a key' : '';
      if (value === '') return;
      key.set(value, { remember: remember.checked });
      dialog.close();
      onChange();
    });
  }

  /** @param {string} [reason] why it is asked for */
  open(reason = '') {
    input.value = this.key.value ?? '';
    remember.checked = this.key.remembered;
    message.textContent = reason;
    if (!dialog.open) dialog.showModal();
    input.focus();
  }
}
