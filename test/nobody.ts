/**
 * Root may read and write everything: then as a user that owns nothing, else as who we are. All of this process is that user meanwhile, so nothing
 * else may run beside it.
 */
export async function asNobody<T>(run: () => Promise<T>): Promise<T> {
  if (process.getuid!() !== 0) return run();
  process.seteuid!(65534);
  try {
    return await run();
  } finally {
    process.seteuid!(0);
  }
}
