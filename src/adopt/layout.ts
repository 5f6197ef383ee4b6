import { refused } from '../errors.ts';
import { isDbmate, readDbmate } from './dbmate.ts';
import type { EarlierFolder, FoundFile } from './earlier.ts';
import { readNumbered } from './numbered.ts';

/** The files of a folder, and those of the subfolders that may hold ways back. */
export interface FolderFiles {
  /** The path to show. */
  label: string;
  files: FoundFile[];
  down: FoundFile[];
  rollbacks: FoundFile[];
}

/** Recognises whose folder it is and reads its migrations. Throws a Problem where there are none. */
export function readLayout({ label, files, down, rollbacks }: FolderFiles): EarlierFolder {
  const layout = files.some(({ text }) => isDbmate(text))
    ? 'dbmate'
    : down.length > 0
      ? 'down'
      : rollbacks.length > 0
        ? 'rollbacks'
        : 'numbered';
  const read = layout === 'dbmate' ? readDbmate(files) : readNumbered(files, layout === 'down' ? down : rollbacks);
  if (read.migrations.length > 0) return { layout, ...read };
  throw refused('file_missing', `There is no migration in ${label}.`, {
    detail: ['Known are NNN_name.sql with down/NNN_name_down.sql, NNN_name.sql with rollbacks/NNN_name.sql, and the files of dbmate.'],
    state: 'Nothing was changed.',
    next: 'Give the folder that holds the files themselves with --from.',
  });
}
