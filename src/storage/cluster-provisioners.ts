import {
  BLOCK,
  BUCKET,
  byParameter,
  FS_TYPE,
  no,
  ONE_NODE,
  RAW_BLOCK,
  REMOVED,
  type Row,
  type Rule,
  STATIC,
  shared,
  unknown,
} from './provisioner-rule.ts'

const CEPHFS = shared('CephFS volumes')
const NFS = shared('NFS shares')

// Longhorn starts an NFS server for any ReadWriteMany claim (from memory, not verified against its
// documentation). CDI takes the class's nfsOptions as the sign of that. Only migratable volumes differ.
const longhorn: Rule = byParameter(
  'migratable',
  { true: RAW_BLOCK },
  shared('volumes exported over NFS by a share manager'),
)

const kubevirtHostPath: Rule = byParameter(
  'overlayCSI',
  { '*': unknown('uses another driver below it') },
  ONE_NODE,
)

/**
 * One chart for many kinds of storage, under a name that the administrator chooses. Its classes always name
 * the kind.
 */
const democratic: Rule = byParameter(FS_TYPE, {
  nfs: NFS,
  cifs: shared('SMB shares'),
  smb: shared('SMB shares'),
  lustre: shared('Lustre folders'),
  'ext*': BLOCK,
  xfs: BLOCK,
  btrfs: BLOCK,
  ntfs: BLOCK,
})

/** Provisioners that run on the cluster's own nodes, or that export a server which the administrator runs. */
export const clusterProvisioners: readonly Row[] = [
  // Ceph: Rook and OpenShift put the operator's namespace in front of the name
  ['cephfs.csi.ceph.com', 'cdi', CEPHFS],
  ['*.cephfs.csi.ceph.com', 'cdi', CEPHFS],
  ['rbd.csi.ceph.com', 'cdi', RAW_BLOCK],
  ['*.rbd.csi.ceph.com', 'cdi', RAW_BLOCK],
  ['kubernetes.io/rbd', 'cdi', RAW_BLOCK],
  ['nfs.csi.ceph.com', 'memory', NFS],
  ['*.nfs.csi.ceph.com', 'memory', NFS],
  ['*.ceph.rook.io/bucket', 'cdi', BUCKET],
  ['*.noobaa.io/obc', 'cdi', BUCKET],

  // NFS and SMB servers
  ['nfs.csi.k8s.io', 'cdi', NFS],
  ['k8s-sigs.io/nfs-subdir-external-provisioner', 'cdi', NFS],
  // Its chart, like earlier ones, names the provisioner after the release
  ['cluster.local/nfs-subdir-external-provisioner', 'usage', NFS],
  ['cluster.local/*-nfs-subdir-external-provisioner', 'usage', NFS],
  ['cluster.local/nfs-client-provisioner', 'usage', NFS],
  ['cluster.local/*-nfs-client-provisioner', 'usage', NFS],
  ['cluster.local/nfs-server-provisioner', 'usage', NFS],
  ['cluster.local/*-nfs-server-provisioner', 'usage', NFS],
  ['fuseim.pri/ifs', 'usage', NFS],
  ['smb.csi.k8s.io', 'memory', shared('SMB shares')],
  ['openebs.io/nfsrwx', 'memory', NFS],
  ['org.democratic-csi.*', 'usage', democratic],

  // Replicated block storage
  ['driver.longhorn.io', 'cdi', longhorn],
  [
    'linstor.csi.linbit.com',
    'driver',
    unknown('shares file systems only in releases with NFS export; earlier ones share raw devices only'),
  ],
  ['kubesan.gitlab.io', 'cdi', RAW_BLOCK],
  ['io.openebs.csi-mayastor', 'memory', BLOCK],
  ['cstor.csi.openebs.io', 'csi-list', BLOCK],
  ['csi.spdk.io', 'csi-list', BLOCK],
  // CDI says no, the vendor's entry in csi-list says yes.
  ['storageos', 'csi-list', unknown('shares file systems in some of its releases only')],
  ['kubernetes.io/storageos', 'memory', REMOVED],

  // Disks of one node. Some accept a ReadWriteMany claim and still bind it to one node. local-path accepts
  // such claims if its ConfigMap has sharedFileSystemPath, which the class does not show.
  [
    'rancher.io/local-path',
    'driver',
    no(
      'provides volumes on the disk of a single node, unless its own configuration sets sharedFileSystemPath',
    ),
  ],
  ['k8s.io/minikube-hostpath', 'cdi', ONE_NODE],
  ['kubernetes.io/host-path', 'memory', ONE_NODE],
  ['hostpath.csi.k8s.io', 'csi-list', ONE_NODE],
  ['docker.io/hostpath', 'memory', ONE_NODE],
  ['microk8s.io/hostpath', 'memory', ONE_NODE],
  ['kubevirt.io.hostpath-provisioner', 'cdi', kubevirtHostPath],
  ['kubevirt.io/hostpath-provisioner', 'cdi', ONE_NODE],
  ['openebs.io/local', 'memory', ONE_NODE],
  ['local.csi.openebs.io', 'memory', ONE_NODE],
  ['zfs.csi.openebs.io', 'memory', ONE_NODE],
  ['local.csi.alibaba.com', 'csi-list', ONE_NODE],
  ['topolvm.io', 'cdi', ONE_NODE],
  ['topolvm.cybozu.com', 'cdi', ONE_NODE],
  ['directpv-min-io', 'cdi', ONE_NODE],

  // Distributed file systems
  ['csi.juicefs.com', 'csi-list', shared('JuiceFS folders')],
  ['seaweedfs-csi-driver', 'csi-list', shared('SeaweedFS folders')],
  ['csi.cubefs.com', 'usage', shared('CubeFS volumes')],
  ['csi.chubaofs.com', 'csi-list', shared('CubeFS volumes')],
  ['com.tuxera.csi.moosefs', 'csi-list', shared('MooseFS folders')],
  ['csi.quobyte.com', 'memory', shared('Quobyte volumes')],
  ['quobyte-csi', 'csi-list', shared('Quobyte volumes')],
  ['org.kadalu.gluster', 'csi-list', shared('GlusterFS folders')],
  ['kubernetes.io/glusterfs', 'memory', REMOVED],
  ['kubernetes.io/quobyte', 'memory', REMOVED],

  // Caches over other storage. What a claim may write depends on the storage below.
  ['csi.alluxio.com', 'memory', unknown('serves a cache for other storage, mainly for reading')],
  ['alluxio', 'memory', unknown('serves a cache for other storage, mainly for reading')],
  ['fuse.csi.fluid.io', 'driver', STATIC],

  // Names that look like provisioners, although none of these provisions data volumes
  ['secrets-store.csi.k8s.io', 'csi-list', no('mounts secrets into pods and provisions no claims')],
  ['stork-snapshot', 'cdi', no('restores snapshots and makes no empty volumes')],
]
