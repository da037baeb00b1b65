import {Pool} from 'undici';import {pipeline} from 'node:stream';
import {serve,reqHeaders,resHeadersObj} from './common.mjs';
const pools=process.argv[2].split(',').map(p=>new Pool(`http://127.0.0.1:${p}`,{connections:128}));let n=0;
serve(async(req,body,res)=>{const ac=new AbortController();res.on('close',()=>{if(!res.writableEnded)ac.abort()});
 try{const r=await pools[n++%pools.length].request({method:req.method,path:req.url,headers:reqHeaders(req.rawHeaders),body,signal:ac.signal});
 res.writeHead(r.statusCode,resHeadersObj(r.headers));pipeline(r.body,res,()=>{});}catch(e){res.destroy()}});
