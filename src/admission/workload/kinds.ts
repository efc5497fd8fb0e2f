/** A kind that creates pods from templates. */
export interface WorkloadKind {
  group: string
  kind: string
  /** The name that the API server and `manifests/webhooks.yaml` use. */
  resource: string
}

const of = (group: string, ...kinds: [kind: string, resource: string][]): WorkloadKind[] =>
  kinds.map(([kind, resource]) => ({ group, kind, resource }))

/**
 * The kinds that the webhook for workloads is called for: those of Kubernetes, and those of LWS and of
 * operators if the cluster has them.
 */
export const WORKLOAD_KINDS: readonly WorkloadKind[] = [
  ...of('', ['ReplicationController', 'replicationcontrollers']),
  ...of(
    'apps',
    ['Deployment', 'deployments'],
    ['StatefulSet', 'statefulsets'],
    ['DaemonSet', 'daemonsets'],
    ['ReplicaSet', 'replicasets'],
  ),
  ...of('batch', ['Job', 'jobs'], ['CronJob', 'cronjobs']),
  ...of('leaderworkerset.x-k8s.io', ['LeaderWorkerSet', 'leaderworkersets']),
  ...of('disaggregatedset.x-k8s.io', ['DisaggregatedSet', 'disaggregatedsets']),
  ...of('jobset.x-k8s.io', ['JobSet', 'jobsets']),
  ...of('ray.io', ['RayCluster', 'rayclusters'], ['RayJob', 'rayjobs'], ['RayService', 'rayservices']),
  ...of('kubeflow.org', ['PyTorchJob', 'pytorchjobs'], ['MPIJob', 'mpijobs']),
  ...of(
    'serving.kserve.io',
    ['InferenceService', 'inferenceservices'],
    ['LLMInferenceService', 'llminferenceservices'],
  ),
  ...of('serving.knative.dev', ['Service', 'services']),
  ...of('nvidia.com', ['DynamoGraphDeployment', 'dynamographdeployments']),
  ...of('apps.nvidia.com', ['NIMService', 'nimservices']),
  ...of(
    'orchestration.aibrix.ai',
    ['StormService', 'stormservices'],
    ['RayClusterFleet', 'rayclusterfleets'],
  ),
  ...of('workload.serving.volcano.sh', ['ModelServing', 'modelservings']),
  ...of('argoproj.io', ['Rollout', 'rollouts'], ['Workflow', 'workflows'], ['CronWorkflow', 'cronworkflows']),
]
