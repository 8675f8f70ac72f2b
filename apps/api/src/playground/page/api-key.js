const storageKey = 'zimage.api-key';

/**
 * The API key of this page: of this tab alone, or of the browser when its reader wants it remembered. A link may bring one
 * along as `#key=…`: a fragment is not sent to any server, and is taken out of the address at once.
 */
export class ApiKey {
  constructor() {
    const linked = new URLSearchParams(location.hash.slice(1)).get('key');
    if (linked === null) return;
    history.replaceState(null, '', location.pathname + location.search);
    this.set(linked, { remember: false });
  }

  /** @returns {string | null} */
  get value() {
    return sessionStorage.getItem(storageKey) ?? localStorage.getItem(storageKey);
  }

  /** Whether the browser keeps it when the tab is closed. */
  get remembered() {
    return localStorage.getItem(storageKey) !== null;
  }

  /**
   * @param {string} key
   * @param {{ remember: boolean }} options
   */
  set(key, { remember }) {
    this.forget();
    (remember ? localStorage : sessionStorage).setItem(storageKey, key);
  }

  forget() {
    sessionStorage.removeItem(storageKey);
    localStorage.removeItem(storageKey);
  }
}
