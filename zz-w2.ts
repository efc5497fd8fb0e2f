import { admissionReview, respond } from './src/admission/admission-review.ts'
import { mutatePod } from './src/admission/pod/mutate.ts'
import { parseBody } from './src/server/review-body.ts'
import { clusterOf, READY } from './test/bench/cluster.ts'
import { leaderPod, podReview } from './test/bench/subjects.ts'
const view = clusterOf({ caches: 1000 })
const pod = leaderPod(READY)
const [container] = Object(pod.spec).containers
console.log(JSON.stringify(container).slice(0, 600))
const text = '$('.repeat(750000)
const body = Buffer.from(JSON.stringify(podReview({ ...pod, spec: { ...pod.spec, containers: [{ ...container, args: [text] }] } })))
for (let i = 0; i < 300; i++) { const { request } = admissionReview.parse(parseBody(body)); JSON.stringify(respond(request.uid, mutatePod(request, view))) }
let t = performance.now()
for (let i = 0; i < 100; i++) parseBody(body)
console.log('parse', (performance.now() - t) / 100)
const { request } = admissionReview.parse(parseBody(body))
t = performance.now()
for (let i = 0; i < 100; i++) mutatePod(request, view)
console.log('rules', (performance.now() - t) / 100)
