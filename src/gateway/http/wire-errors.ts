import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ErrorCode, WeirError } from '#contract/errors.js';
import { openaiChat } from '#protocols/openai/chat.js';
import { sendText } from './respond.js';

/** What Node's parser says, and what it means to a client. Everything else is no HTTP. */
const KNOWN: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  HPE_HEADER_OVERFLOW: ['request.headers_too_large', 'The head of the request is longer than 16 KiB'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ['request.too_large', 'The chunk extensions are longer than 16 KiB'],
  ERR_HTTP_REQUEST_TIMEOUT: ['request.timeout', 'The head of the request did not arrive in time'],
};

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  413: 'Content Too Large',
  417: 'Expectation Failed',
  431: 'Request Header Fields Too Large',
};

interface ParserError extends Error {
  readonly code?: string;
  readonly reason?: string;
}

/**
 * Answers what Node refuses before there is a request — what is no HTTP, too long a head, one that never comes, a tunnel — with an
 * error in the API's own form, and closes the connection: nothing after it could be understood.
 */
export function answerWireErrors(server: Server, refused: (code: ErrorCode) => void): void {
  const refuse = (socket: Duplex, error: WeirError): void => {
    refused(error.code);
    if (!socket.writable || hasBegun(socket)) {
      socket.destroy();
      return;
    }
    const body = openaiChat.errorBody(error);
    const { status } = error;
    const head = [
      `HTTP/1.1 ${status} ${REASONS[status] ?? 'Error'}`,
      'content-type: application/json',
      `content-length: ${Buffer.byteLength(body)}`,
      'connection: close',
    ];
    socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
    // Its other half may stay open for as long as the client likes: nobody waits for that.
    setTimeout(() => socket.destroy(), CLOSE_MS).unref();
  };
  server.on('clientError', (error: ParserError, socket) => {
    if (error.code === 'ECONNRESET') {
      socket.destroy();
      return;
    }
    const [code, message] = KNOWN[error.code ?? ''] ?? ['request.malformed', 'This is not a request in HTTP/1.1'];
    const why = error.reason === undefined || code !== 'request.malformed' ? '' : `: ${error.reason}`;
    refuse(socket, new WeirError(code, message + why));
  });
  server.on('connect', (_request, socket) => {
    refuse(socket, new WeirError('request.method_not_allowed', 'Weir is no proxy: it opens no tunnels'));
  });
  server.on('checkExpectation', (_request, response) => {
    const error = new WeirError('request.malformed', 'Only 100-continue can be expected', {
      path: 'expect',
      status: 417,
    });
    refused(error.code);
    sendText(response, error.status, openaiChat.errorBody(error), 'application/json', { connection: 'close' });
  });
}

/** How long a refused connection has to take its answer. */
const CLOSE_MS = 1000;

/** Whether an answer is on its way on this connection already: then nothing may be put between its bytes. */
function hasBegun(socket: Duplex): boolean {
  const { _httpMessage: message } = socket as Duplex & { readonly _httpMessage?: { readonly headersSent: boolean } };
  return message?.headersSent === true;
}
