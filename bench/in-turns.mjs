/** A server that runs up to `atMost` requests like the oldest one together, and takes no other until all have ended. */
export function inTurns(run, atMost) {
  const waiting = [];
  let working = false;
  const work = async () => {
    working = true;
    while (waiting.length > 0) {
      const [{ asked: oldest }] = waiting;
      const batch = waiting
        .filter(({ asked }) => asked.width === oldest.width && asked.steps === oldest.steps)
        .slice(0, atMost);
      for (const taken of batch) waiting.splice(waiting.indexOf(taken), 1);
      await Promise.all(batch.map(({ asked }) => run(asked)));
      for (const { resolve } of batch) resolve();
    }
    working = false;
  };
  return (asked) =>
    new Promise((resolve) => {
      waiting.push({ asked, resolve });
      if (!working) void work();
    });
}
