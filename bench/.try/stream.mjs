import {Pool} from 'undici';
import {serve,reqHeaders,resHeadersObj} from './common.mjs';
const pools=process.argv[2].split(',').map(p=>new Pool(`http://127.0.0.1:${p}`,{connections:128}));let n=0;
serve((req,body,res)=>{
 pools[n++%pools.length].stream({method:req.method,path:req.url,headers:reqHeaders(req.rawHeaders),body,opaque:res},({statusCode,headers,opaque})=>{opaque.writeHead(statusCode,resHeadersObj(headers));return opaque},()=>{})});
