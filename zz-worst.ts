import { benchWorst } from './test/bench/admission/worst-review.ts'
const r = benchWorst(5)
console.log(r.work, r.ours, JSON.stringify(r.peers))
