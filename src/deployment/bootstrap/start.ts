import type { Words } from '../words.ts'

/** How one pod of a gang starts. */
export interface Start {
  words: Words
  /** Variables that the words read. */
  env?: readonly { name: string; valueFrom: object }[]
}

/** How the leader and the workers of a gang start. LeaderWorkerSet names the leader in their environment. */
export interface GangStart {
  leader: Start
  worker: Start
}

/** The variables that LeaderWorkerSet gives to each container, before all others. */
export const LEADER = 'LWS_LEADER_ADDRESS'
export const SIZE = 'LWS_GROUP_SIZE'
export const INDEX = 'LWS_WORKER_INDEX'
