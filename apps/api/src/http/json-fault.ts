import jsonc from 'jsonc-parser';

/** Looking for the place in a body full of images would hold up everybody else. */
const maxChars = 1_000_000;

/** What is wrong with a text that `JSON.parse` refuses, which does not always say where: `line 2, column 12: colon expected`. */
export function jsonFault(text: string): string {
  const faults: string[] = [];
  const onError = (
    code: jsonc.ParseErrorCode,
    _offset: number,
    _length: number,
    line: number,
    column: number,
  ): void => {
    const words = jsonc.printParseErrorCode(code).replace(/\B[A-Z]/g, (capital) => ` ${capital}`);
    faults.push(`line ${line + 1}, column ${column + 1}: ${words.toLowerCase()}`);
  };
  try {
    if (text.length <= maxChars) jsonc.visit(text, { onError }, { disallowComments: true });
  } catch (error) {
    // The parser calls itself for each level.
    if (!(error instanceof RangeError)) throw error;
  }
  return faults[0] ?? 'is not JSON';
}
