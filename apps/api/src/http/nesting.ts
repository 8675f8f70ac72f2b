import type { NextFunction, Request, Response } from 'express';
import { invalidField } from './problems.js';

const maxLevels = 32;

/** Refuses bodies nested so deeply that whatever walks them by recursion would run out of stack. */
export function boundedNesting(request: Request, _response: Response, next: NextFunction): void {
  const tooDeep = hasMoreLevels(request.body, maxLevels);
  next(tooDeep ? invalidField('body', `must not be nested more than ${maxLevels} levels deep`) : undefined);
}

function hasMoreLevels(value: unknown, levels: number): boolean {
  let level = [value];
  for (let depth = 0; depth <= levels && level.length > 0; depth++) {
    level = level.flatMap((item) =>
      typeof item === 'object' && item !== null ? (Object.values(item) as unknown[]) : [],
    );
  }
  return level.length > 0;
}
