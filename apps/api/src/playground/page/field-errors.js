import { find } from './dom.js';

/** @import { ApiProblem } from './api.js' */

const problemBox = find('#problem', HTMLElement);

/** Fields of the API that the form shows under another name. */
const shownAs = new Map([
  ['width', 'size'],
  ['height', 'size'],
  ['image', 'images'],
]);

/** @param {string} field e.g. `images[0]` */
const placeOf = (field) => {
  const name = field.replace(/[[.].*$/, '');
  return shownAs.get(name) ?? name;
};

/** @param {HTMLFormElement} form */
export function clearProblem(form) {
  problemBox.replaceChildren();
  for (const place of form.querySelectorAll('.error')) place.textContent = '';
  for (const field of form.querySelectorAll('[aria-invalid]')) field.removeAttribute('aria-invalid');
}

/**
 * Says what the API refused: its code and reason above the button, and what is wrong with each field.
 *
 * @param {HTMLFormElement} form
 * @param {ApiProblem} problem
 */
export function showProblem(form, problem) {
  clearProblem(form);
  const code = document.createElement('code');
  code.textContent = problem.code;
  problemBox.append(code, ` ${problem.message}`);
  showFields(form, problem.errors);
}

/**
 * Puts each wrong field's message beside it. The first of them gets the focus.
 *
 * @param {HTMLFormElement} form
 * @param {{ field: string, message: string }[]} errors
 */
export function showFields(form, errors) {
  /** @type {HTMLElement | undefined} */
  let first;
  for (const { field, message } of errors) {
    const place = form.querySelector(`#${CSS.escape(placeOf(field))}-error`);
    if (place) place.textContent = message;
    const input = form.elements.namedItem(field) ?? form.elements.namedItem(placeOf(field));
    if (!(input instanceof HTMLElement)) continue;
    input.setAttribute('aria-invalid', 'true');
    // What is folded away cannot take the focus.
    const folded = input.closest('details');
    if (folded) folded.open = true;
    first ??= input;
  }
  first?.focus();
}
