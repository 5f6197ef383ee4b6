/** One record of RFC 4180 with its line end. Null is an empty field, the empty text is quoted, so that the two stay apart. */
export const csvLine = (values: (string | null)[]): string => `${values.map(field).join(',')}\r\n`;

const field = (value: string | null): string => {
  if (value === null) return '';
  return value === '' || /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
};
