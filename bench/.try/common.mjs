import { createServer } from 'node:http';
export const HOP = new Set(['connection','keep-alive','proxy-authenticate','proxy-authorization','proxy-connection','te','trailer','transfer-encoding','upgrade','host','content-length','expect']);
export function reqHeaders(raw){const out=[];for(let i=0;i<raw.length;i+=2)if(!HOP.has(raw[i].toLowerCase()))out.push(raw[i],raw[i+1]);return out}
const HOPR=new Set(['connection','keep-alive','transfer-encoding','proxy-connection','upgrade','trailer']);
export function resHeaders(raw){const out=[];for(let i=0;i<raw.length;i+=2){const n=raw[i].toString('latin1');if(!HOPR.has(n.toLowerCase()))out.push(n,raw[i+1].toString('latin1'))}return out}
export function resHeadersObj(h){const o={};for(const k in h)if(!HOPR.has(k))o[k]=h[k];return o}
export function serve(forward){
  const server=createServer((req,res)=>{const p=[];req.on('data',c=>p.push(c));req.on('end',()=>forward(req,p.length===1?p[0]:Buffer.concat(p),res));});
  server.listen(0,'127.0.0.1',()=>process.send({port:server.address().port}));
  process.on('SIGTERM',()=>process.exit(0));
}
