import {
  BLOCK,
  byParameter,
  no,
  ONE_NODE,
  RAW_BLOCK,
  type Row,
  type Rule,
  STATIC,
  shared,
} from './provisioner-rule.ts'

const NFS = shared('NFS shares')
const SMB_OR_NFS = shared('SMB or NFS shares')
const LUSTRE = shared('Lustre file systems')

const googleDisk: Rule = byParameter(
  'type',
  {
    // Either one writer or thousands of readers, never both at once. The hydration Job could not fill the
    // claim that the serving pods read.
    'hyperdisk-ml': no('provides volumes that one node can write or many nodes can read, but never both'),
    'hyperdisk-balanced*': RAW_BLOCK,
  },
  BLOCK,
)

/**
 * Provisioners of cloud providers, grouped by provider. In-tree names are beside the driver that replaced
 * them.
 */
export const cloudProvisioners: readonly Row[] = [
  // Google Cloud
  ['pd.csi.storage.gke.io', 'cdi', googleDisk],
  ['kubernetes.io/gce-pd', 'cdi', googleDisk],
  ['filestore.csi.storage.gke.io', 'driver', NFS],
  ['parallelstore.csi.storage.gke.io', 'driver', shared('Parallelstore file systems')],
  ['lustre.csi.storage.gke.io', 'driver', LUSTRE],
  ['gcsfuse.csi.storage.gke.io', 'driver', STATIC],

  // Amazon Web Services; io2 Multi-Attach is for raw devices
  ['ebs.csi.aws.com', 'cdi', byParameter('type', { io2: RAW_BLOCK }, BLOCK)],
  ['kubernetes.io/aws-ebs', 'cdi', BLOCK],
  ['efs.csi.aws.com', 'cdi', NFS],
  ['fsx.csi.aws.com', 'driver', LUSTRE],
  ['fsx.openzfs.csi.aws.com', 'driver', NFS],
  ['s3.csi.aws.com', 'driver', STATIC],

  // Microsoft Azure; shared disks (maxShares) are for raw devices
  ['disk.csi.azure.com', 'cdi', BLOCK],
  ['kubernetes.io/azure-disk', 'cdi', BLOCK],
  ['file.csi.azure.com', 'cdi', SMB_OR_NFS],
  ['kubernetes.io/azure-file', 'cdi', SMB_OR_NFS],
  ['blob.csi.azure.com', 'driver', shared('blob containers over blobfuse or NFS')],
  ['azurelustre.csi.azure.com', 'driver', LUSTRE],
  ['localdisk.csi.acstor.io', 'driver', ONE_NODE],

  // Oracle Cloud
  ['fss.csi.oraclecloud.com', 'driver', NFS],
  ['lustre.csi.oraclecloud.com', 'driver', LUSTRE],
  ['blockvolume.csi.oraclecloud.com', 'cdi', RAW_BLOCK],

  // IBM Cloud
  ['vpc.file.csi.ibm.io', 'driver', byParameter('profile', { dp2: NFS, rfs: NFS })],
  ['vpc.block.csi.ibm.io', 'csi-list', BLOCK],
  ['ibm.io/ibmc-file', 'memory', NFS],
  ['ibm.io/ibmc-s3fs', 'memory', shared('object buckets over s3fs')],

  // OpenStack and oVirt; manila's name starts with the protocol that its chart was installed for
  ['cinder.csi.openstack.org', 'cdi', BLOCK],
  ['kubernetes.io/cinder', 'cdi', BLOCK],
  ['manila.csi.openstack.org', 'cdi', shared('Manila shares')],
  ['*.manila.csi.openstack.org', 'driver', shared('Manila shares')],
  ['csi.ovirt.org', 'cdi', BLOCK],

  // Alibaba Cloud
  ['nasplugin.csi.alibabacloud.com', 'csi-list', NFS],
  ['diskplugin.csi.alibabacloud.com', 'csi-list', BLOCK],
  ['ossplugin.csi.alibabacloud.com', 'csi-list', STATIC],

  // Tencent Cloud
  ['com.tencent.cloud.csi.cfs', 'csi-list', NFS],
  ['com.tencent.cloud.csi.cbs', 'csi-list', BLOCK],
  ['com.tencent.cloud.csi.cosfs', 'csi-list', STATIC],

  // Huawei Cloud, Volcengine, Naver Cloud
  ['nas.csi.everest.io', 'memory', NFS],
  ['sfsturbo.csi.everest.io', 'memory', NFS],
  ['disk.csi.everest.io', 'memory', BLOCK],
  ['nas.csi.volcengine.com', 'driver', NFS],
  ['ebs.csi.volcengine.com', 'memory', BLOCK],
  ['nas.csi.ncloud.com', 'memory', NFS],

  // GPU clouds; the name of Nebius' driver can have a prefix if its chart is installed more than once
  ['mounted-fs-path.csi.nebius.ai', 'usage', shared('folders of a file system attached to the nodes')],
  ['*.mounted-fs-path.csi.nebius.ai', 'usage', shared('folders of a file system attached to the nodes')],
  ['compute.csi.nebius.com', 'usage', BLOCK],
  ['fs.csi.crusoe.ai', 'driver', NFS],
  ['ssd.csi.crusoe.ai', 'driver', BLOCK],

  // Smaller clouds; one driver of Vultr serves both kinds, whatever its name says
  ['block.csi.vultr.com', 'driver', byParameter('storage_type', { vfs: shared('file systems') }, BLOCK)],
  ['filestorage.csi.scaleway.com', 'usage', shared('file systems')],
  ['csi.scaleway.com', 'csi-list', BLOCK],
  ['dobs.csi.digitalocean.com', 'csi-list', BLOCK],
  ['csi.hetzner.cloud', 'csi-list', BLOCK],
  ['linodebs.csi.linode.com', 'csi-list', BLOCK],
  ['csi.cloudscale.ch', 'csi-list', BLOCK],
  ['yandex.csi.flant.com', 'csi-list', BLOCK],
]
