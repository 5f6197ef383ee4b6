/** What a server says in an ErrorResponse. */
export interface ServerError {
  /** SQLSTATE. */
  code: string;
  message: string;
}

/** What pg_dump's last write asks of the other side. */
export type Request = 'encryption' | 'startup' | 'more to come' | 'awaits reply' | 'goodbye';

const sslRequest = 80877103;
const gssRequest = 80877104;

/**
 * Follows what pg_dump writes. libpq sends a long query in several writes, and only the last one is answered:
 * waiting after an earlier one would wait for ever.
 */
export const watchRequests = () => {
  let started = false;
  let last = '';
  const whole = watchMessages((type) => {
    last = type;
  });
  return (bytes: Uint8Array): Request => {
    if (!started) {
      const code = view(bytes).getInt32(4);
      if (code === sslRequest || code === gssRequest) return 'encryption';
      started = true;
      return 'startup';
    }
    if (!whole(bytes)) return 'more to come';
    if (last === 'X') return 'goodbye';
    return last === 'Q' || last === 'S' ? 'awaits reply' : 'more to come';
  };
};

/**
 * Follows what the server sends: true when a reply has ended (ReadyForQuery, perhaps with a notice behind it).
 * `onError` hears each ErrorResponse as soon as it is whole.
 */
export const watchReply = (onError: (error: ServerError) => void) => {
  let ready = false;
  const whole = watchMessages((type, body) => {
    if (type === 'Z') ready = true;
    else if (type === 'E') onError(readError(body as Uint8Array));
  }, 'E');
  return (bytes: Uint8Array): boolean => {
    const ended = whole(bytes) && ready;
    if (ended) ready = false;
    return ended;
  };
};

/**
 * Reports each message's type as it ends, and its body when it is of the type to `keep`; true when the bytes so far end
 * with a whole message.
 */
const watchMessages = (onEnd: (type: string, body?: Uint8Array) => void, keep?: string) => {
  const header = new Uint8Array(5);
  const length = view(header);
  let filled = 0;
  let bodyLeft = 0;
  let kept: Uint8Array[] = [];
  return (bytes: Uint8Array): boolean => {
    let at = 0;
    while (at < bytes.length) {
      if (filled < 5) {
        header[filled++] = bytes[at++] as number;
        if (filled < 5) continue;
        bodyLeft = length.getUint32(1) - 4;
      }
      const step = Math.min(bodyLeft, bytes.length - at);
      const type = String.fromCharCode(header[0] as number);
      if (type === keep) kept.push(bytes.subarray(at, at + step));
      at += step;
      bodyLeft -= step;
      if (bodyLeft > 0) continue;
      onEnd(type, type === keep ? joinBytes(kept) : undefined);
      kept = [];
      filled = 0;
    }
    return filled === 0;
  };
};

const readError = (body: Uint8Array): ServerError => {
  const fields = new TextDecoder().decode(body).split('\0');
  const field = (letter: string) => fields.find((each) => each.startsWith(letter))?.slice(1) ?? '';
  return { code: field('C'), message: field('M') };
};

/** The answer to a start-up packet: logged in, these parameters, ready. */
export const welcome = (parameters: Record<string, string>): Uint8Array =>
  joinBytes([
    message('R', new Uint8Array(4)),
    ...Object.entries(parameters).map(([name, value]) => message('S', new TextEncoder().encode(`${name}\0${value}\0`))),
    message('Z', new TextEncoder().encode('I')),
  ]);

const message = (type: string, body: Uint8Array) => {
  const bytes = new Uint8Array(5 + body.length);
  bytes[0] = type.charCodeAt(0);
  view(bytes).setUint32(1, body.length + 4);
  bytes.set(body, 5);
  return bytes;
};

export const joinBytes = (parts: Uint8Array[]): Uint8Array => {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
};

const view = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
