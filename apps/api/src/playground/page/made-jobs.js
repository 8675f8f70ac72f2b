const storageKey = 'zimage.jobs';
const maxJobs = 24;

/**
 * Ids of the jobs made here, newest first: all that the browser keeps of them. An id says nothing without the key; prompts
 * and pictures stay with the service.
 */
export const madeJobs = {
  /** @returns {string[]} */
  list: () => JSON.parse(localStorage.getItem(storageKey) ?? '[]'),

  /** @param {string} id */
  add: (id) => save([id, ...madeJobs.list()].slice(0, maxJobs)),

  /** @param {string} id */
  remove: (id) => save(madeJobs.list().filter((each) => each !== id)),

  clear: () => localStorage.removeItem(storageKey),
};

/** @param {string[]} ids */
const save = (ids) => localStorage.setItem(storageKey, JSON.stringify(ids));
