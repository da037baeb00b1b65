import {Pool} from 'undici';
import {serve,reqHeaders,resHeaders} from './common.mjs';
const pools=process.argv[2].split(',').map(p=>new Pool(`http://127.0.0.1:${p}`,{connections:128}));let n=0;
class H{constructor(res){this.res=res;this.c=null;
  res.on('close',()=>{if(!res.writableEnded)this.c?.abort(new Error('client gone'))});}
 onRequestStart(c){this.c=c;}
 onResponseStart(c,status){if(status<200)return;this.res.writeHead(status,resHeaders(c.rawHeaders));}
 onResponseData(c,chunk){if(!this.res.write(chunk)){c.pause();this.res.once('drain',()=>c.resume())}}
 onResponseEnd(){this.res.end()}
 onResponseError(c,e){if(!this.res.headersSent){this.res.writeHead(502);this.res.end()}else this.res.destroy()}
}
serve((req,body,res)=>{pools[n++%pools.length].dispatch({method:req.method,path:req.url,headers:reqHeaders(req.rawHeaders),body},new H(res))});
