/** Base64 in either alphabet, in lines or not, by its beginning. */
const BASE64 = /^[A-Za-z0-9+/_\-\s]+={0,2}\s*$/;
const LOOKED_AT = 1024;
/** How PDF begins in base64 (`%PDF-`). */
const PDF = 'JVBERi0';
const TEXT_NAME = /\.(?:txt|md|csv|tsv|json|xml|html?|ya?ml|log)$/i;
const PDF_NAME = /\.pdf$/i;

/**
 * What `file_data` of OpenAI's APIs says as a URL: a `data:` URL as it came, base64 alone as one of the type that its beginning or its name
 * tells, a web address as some proxies take it. `undefined` for what is none of these: it is no file.
 */
export function fileDataUrl(data: string, name: string): string | undefined {
  if (/^(?:data:|https?:)/i.test(data)) return data;
  if (!BASE64.test(data.slice(0, LOOKED_AT))) return undefined;
  return `data:${typeOf(data, name)};base64,${data.replaceAll(/\s/g, '')}`;
}

function typeOf(data: string, name: string): string {
  if (data.startsWith(PDF) || PDF_NAME.test(name)) return 'application/pdf';
  return TEXT_NAME.test(name) ? 'text/plain' : 'application/octet-stream';
}
