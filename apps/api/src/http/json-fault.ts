/** Where a text stops being JSON. */
export interface JsonFault {
  /** Of the first character that cannot stand there; the text's length where its end cannot. */
  offset: number;
  /** What could stand there, in words. */
  expected: string;
}

type Token = '{' | '}' | '[' | ']' | ':' | ',' | 'text' | 'scalar' | 'end';
type Place = 'value' | 'firstItem' | 'name' | 'firstName' | 'colon' | 'afterItem' | 'afterField' | 'end';

/** The place behind a whole value depends on what the value lies in. */
const after = null;
const value = { '{': 'firstName', '[': 'firstItem', text: after, scalar: after } as const;
/** Which tokens may stand at a place, and at which place the next one is. */
const grammar: Record<Place, { words: string; takes: Partial<Record<Token, Place | null>> }> = {
  value: { words: 'a value', takes: value },
  firstItem: { words: 'a value or ]', takes: { ...value, ']': after } },
  name: { words: 'a name in double quotes', takes: { text: 'colon' } },
  firstName: { words: 'a name in double quotes or }', takes: { text: 'colon', '}': after } },
  colon: { words: 'a colon', takes: { ':': 'value' } },
  afterItem: { words: 'a comma or ]', takes: { ',': 'value', ']': after } },
  afterField: { words: 'a comma or }', takes: { ',': 'name', '}': after } },
  end: { words: 'nothing more', takes: { end: 'end' } },
};

const space = /[ \t\n\r]*/y;
const tokens = /[{}[\]:,"]|true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const escaped = /\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/y;

/**
 * The first fault of a text by RFC 8259; null when it is JSON. `JSON.parse` finds it too, but not every version says where.
 * Without recursion: texts may be nested as deeply as they like.
 */
export function jsonFault(text: string): JsonFault | null {
  const open: string[] = [];
  let place: Place = 'value';
  let offset = 0;
  for (;;) {
    offset += lengthOf(space, text, offset);
    const length = lengthOf(tokens, text, offset);
    const token = tokenOf(text.slice(offset, offset + length), offset === text.length);
    const next: Place | null | undefined = token && grammar[place].takes[token];
    if (next === undefined) return { offset, expected: grammar[place].words };
    if (token === 'end') return null;
    if (token === '{' || token === '[') open.push(token);
    if (token === '}' || token === ']') open.pop();
    place = next ?? placeIn(open.at(-1));
    const end = token === 'text' ? textEnd(text, offset) : offset + length;
    if (typeof end !== 'number') return end;
    offset = end;
  }
}

function tokenOf(match: string, atEnd: boolean): Token | undefined {
  if (atEnd) return 'end';
  if (match === '') return undefined;
  if (match === '"') return 'text';
  return '{}[]:,'.includes(match) ? (match as Token) : 'scalar';
}

function placeIn(opened: string | undefined): Place {
  if (opened === undefined) return 'end';
  return opened === '{' ? 'afterField' : 'afterItem';
}

/** Where the text in quotes is over that begins there, or its fault. */
function textEnd(text: string, start: number): number | JsonFault {
  let at = start + 1;
  for (; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '"') return at + 1;
    if (character < ' ') return { offset: at, expected: 'an escape: this control character cannot stand in a text' };
    if (character !== '\\') continue;
    const length = lengthOf(escaped, text, at);
    if (length === 0) return { offset: at, expected: 'an escape that JSON knows' };
    at += length - 1;
  }
  return { offset: at, expected: 'the closing double quote' };
}

/** How many characters match a sticky pattern there. */
function lengthOf(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex - at : 0;
}
