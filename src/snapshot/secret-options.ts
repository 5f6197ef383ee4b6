/** Whether an option of a server or a user mapping may hold a secret: its value is shown and compared nowhere. */
export const isSecretOption = (name: string): boolean => /pass|secret|token|credential|jwt|(^|_)key$|api_?key|private/i.test(name);
