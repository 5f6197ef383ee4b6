/** One thing that doctor looked at: in order, worth knowing, or in the way; and what to do about it. */
export interface Finding {
  level: 'ok' | 'note' | 'problem';
  topic: string;
  text: string;
  next?: string;
}

const finding =
  (level: Finding['level']) =>
  (topic: string, text: string, next?: string): Finding => ({ level, topic, text, ...(next === undefined ? {} : { next }) });

export const ok = finding('ok');
export const note = finding('note');
export const problem = finding('problem');
