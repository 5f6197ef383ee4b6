import { expect, test } from 'vitest';
import { cleanDump } from '../../src/snapshot/pg-dump/clean.ts';
import { joinBytes, type ServerError, watchReply, watchRequests, welcome } from '../../src/snapshot/pg-dump/wire.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const message = (type: string, body: string) => {
  const length = new DataView(new ArrayBuffer(4));
  length.setUint32(0, bytes(body).length + 4);
  return joinBytes([bytes(type), new Uint8Array(length.buffer), bytes(body)]);
};
const startup = new Uint8Array([0, 0, 0, 8, 0, 3, 0, 0]);
const sslRequest = new Uint8Array([0, 0, 0, 8, 4, 210, 22, 47]);

test('a query that is sent in pieces is awaited after its last piece only', () => {
  const query = message('Q', `SELECT '${'x'.repeat(50)}'\0`);
  for (let cut = 1; cut < query.length; cut += 1) {
    const request = watchRequests();
    expect(request(sslRequest)).toBe('encryption');
    expect(request(startup)).toBe('startup');
    expect(request(query.subarray(0, cut))).toBe('more to come');
    expect(request(query.subarray(cut))).toBe('awaits reply');
    expect(request(message('P', 'x'))).toBe('more to come');
    expect(request(message('S', ''))).toBe('awaits reply');
    expect(request(message('X', ''))).toBe('goodbye');
  }
});

test('a reply ends with ReadyForQuery, however it is cut, and with a notice behind it', () => {
  const reply = joinBytes([message('T', 'aZ'), message('D', 'Z'.repeat(20)), message('Z', 'I')]);
  for (let cut = 1; cut < reply.length; cut += 1) {
    const ended = watchReply(() => {});
    expect(ended(reply.subarray(0, cut))).toBe(false);
    expect(ended(reply.subarray(cut))).toBe(true);
    expect(ended(message('D', 'Z'))).toBe(false);
    expect(ended(joinBytes([message('Z', 'I'), message('S', 'a\0b\0')]))).toBe(true);
  }
});

test('errors are read from a reply with their SQLSTATE, however it is cut', () => {
  const failure = message('E', 'SERROR\0C42501\0Mpermission denied for table é\0\0');
  const reply = joinBytes([welcome({ server_version: '17.10' }), failure, message('Z', 'E')]);
  for (let cut = 1; cut < reply.length; cut += 1) {
    const errors: ServerError[] = [];
    const ended = watchReply((error) => errors.push(error));
    ended(reply.subarray(0, cut));
    expect(ended(reply.subarray(cut))).toBe(true);
    expect(errors).toEqual([{ code: '42501', message: 'permission denied for table é' }]);
  }
});

test('only the frame is cleaned: lines in a body that look like it stay', () => {
  const body =
    '--\n-- Name: f(); Type: FUNCTION; Schema: a; Owner: b\n--\n\nCREATE FUNCTION a.f() AS $$\n\\restrict abc\n-- Dumped by pg_dump version 9\nSET transaction_timeout = 0;\n\\unrestrict abc\n\n\n\n$$;\n\n\n';
  const text = `--\n-- PostgreSQL database dump\n--\n\n\\restrict Ab1\n\n-- Dumped from database version 15.18\n-- Dumped by pg_dump version 17.2 (Debian 17.2-1)\n\nSET lock_timeout = 0;\nSET transaction_timeout = 0;\n\n${body}--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict Ab1\n\n`;
  expect(cleanDump(text)).toEqual({
    version: '17.2',
    sql: `--\n-- PostgreSQL database dump\n--\n\n-- Dumped from database version 15.18\n\nSET lock_timeout = 0;\n\n${body}--\n-- PostgreSQL database dump complete\n--\n`,
  });
});
