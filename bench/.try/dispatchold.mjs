import {Pool} from 'undici';
import {serve,reqHeaders,resHeaders} from './common.mjs';
const pools=process.argv[2].split(',').map(p=>new Pool(`http://127.0.0.1:${p}`,{connections:128}));let n=0;
class H{constructor(res){this.res=res;this.abort=null;this.resume=null;
  res.on('close',()=>{if(!res.writableEnded)this.abort?.(new Error('client gone'))});}
 onConnect(abort){this.abort=abort}
 onHeaders(status,raw,resume){if(status<200)return true;this.resume=resume;this.res.writeHead(status,resHeaders(raw));return true}
 onData(chunk){if(this.res.write(chunk))return true;this.res.once('drain',this.resume);return false}
 onComplete(){this.res.end()}
 onError(e){if(!this.res.headersSent){this.res.writeHead(502);this.res.end()}else this.res.destroy()}
}
serve((req,body,res)=>{pools[n++%pools.length].dispatch({method:req.method,path:req.url,headers:reqHeaders(req.rawHeaders),body},new H(res))});
