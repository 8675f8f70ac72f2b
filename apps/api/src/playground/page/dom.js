/**
 * The element that a selector names, of the type that the caller counts on.
 *
 * @template {Element} T
 * @param {string} selector
 * @param {new () => T} type
 * @param {ParentNode} [root]
 * @returns {T}
 */
export function find(selector, type, root = document) {
  const element = root.querySelector(selector);
  if (!(element instanceof type)) throw new Error(`the page has no ${type.name} ${selector}`);
  return element;
}

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Partial<HTMLElementTagNameMap[K]>} [properties]
 * @param {(Node | string)[]} [children]
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, properties = {}, children = []) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

const announcer = find('#announcer', HTMLElement);

/**
 * Tells screen readers what happened, when they are done with what they say.
 *
 * @param {string} text
 */
export function announce(text) {
  announcer.textContent = text;
}

/**
 * Opens a dialog; its × and a click beside it close it again.
 *
 * @param {HTMLDialogElement} dialog
 */
export function prepareDialog(dialog) {
  find('.close', HTMLButtonElement, dialog).addEventListener('click', () => dialog.close());
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close();
  });
}
