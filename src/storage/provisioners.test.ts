import { describe, expect, it } from 'vitest'
import type { ClassParameters } from './provisioner-rule.ts'
import { knownProvisioners, provisionerVerdict } from './provisioners.ts'

type Answer = 'yes' | 'no' | 'unknown'

// The name alone decides.
const byName: Record<Answer, string[]> = {
  yes: `
    filestore.csi.storage.gke.io parallelstore.csi.storage.gke.io lustre.csi.storage.gke.io
    efs.csi.aws.com fsx.csi.aws.com fsx.openzfs.csi.aws.com
    file.csi.azure.com kubernetes.io/azure-file blob.csi.azure.com azurelustre.csi.azure.com
    fss.csi.oraclecloud.com lustre.csi.oraclecloud.com ibm.io/ibmc-file ibm.io/ibmc-s3fs
    manila.csi.openstack.org nfs.manila.csi.openstack.org cephfs.manila.csi.openstack.org
    nasplugin.csi.alibabacloud.com com.tencent.cloud.csi.cfs
    nas.csi.everest.io sfsturbo.csi.everest.io nas.csi.volcengine.com nas.csi.ncloud.com
    mounted-fs-path.csi.nebius.ai data.mounted-fs-path.csi.nebius.ai fs.csi.crusoe.ai
    filestorage.csi.scaleway.com
    beegfs.csi.netapp.com csi-isilon.dellemc.com com.mapr.csi-kdf spectrumscale.csi.ibm.com
    csi.vastdata.com csi.weka.io exa.csi.ddn.com com.hammerspace.csi csi.fs.xsky.com
    cephfs.csi.ceph.com rook-ceph.cephfs.csi.ceph.com openshift-storage.cephfs.csi.ceph.com
    nfs.csi.ceph.com rook-ceph.nfs.csi.ceph.com
    nfs.csi.k8s.io k8s-sigs.io/nfs-subdir-external-provisioner smb.csi.k8s.io openebs.io/nfsrwx
    csi.juicefs.com seaweedfs-csi-driver csi.cubefs.com csi.chubaofs.com com.tuxera.csi.moosefs
    csi.quobyte.com quobyte-csi org.kadalu.gluster
  `
    .trim()
    .split(/\s+/),
  no: `
    gcsfuse.csi.storage.gke.io kubernetes.io/aws-ebs s3.csi.aws.com
    disk.csi.azure.com kubernetes.io/azure-disk localdisk.csi.acstor.io
    blockvolume.csi.oraclecloud.com vpc.block.csi.ibm.io
    cinder.csi.openstack.org kubernetes.io/cinder csi.ovirt.org
    diskplugin.csi.alibabacloud.com ossplugin.csi.alibabacloud.com
    com.tencent.cloud.csi.cbs com.tencent.cloud.csi.cosfs
    disk.csi.everest.io ebs.csi.volcengine.com compute.csi.nebius.com ssd.csi.crusoe.ai
    csi.scaleway.com dobs.csi.digitalocean.com csi.hetzner.cloud linodebs.csi.linode.com
    csi.cloudscale.ch yandex.csi.flant.com
    block.csi.ibm.com kubernetes.io/vsphere-volume hspc.csi.hitachi.com xspc.csi.hpe.com
    block.csi.vastdata.com csi.block.xsky.com csi-exos-x.seagate.com
    rbd.csi.ceph.com rook-ceph.rbd.csi.ceph.com openshift-storage.rbd.csi.ceph.com kubernetes.io/rbd
    rook-ceph.ceph.rook.io/bucket openshift-storage.ceph.rook.io/bucket openshift-storage.noobaa.io/obc
    kubesan.gitlab.io io.openebs.csi-mayastor cstor.csi.openebs.io csi.spdk.io kubernetes.io/storageos
    rancher.io/local-path k8s.io/minikube-hostpath kubernetes.io/host-path hostpath.csi.k8s.io
    docker.io/hostpath microk8s.io/hostpath kubevirt.io/hostpath-provisioner
    openebs.io/local local.csi.openebs.io zfs.csi.openebs.io local.csi.alibaba.com
    topolvm.io topolvm.cybozu.com directpv-min-io kubernetes.io/glusterfs kubernetes.io/quobyte
    fuse.csi.fluid.io secrets-store.csi.k8s.io stork-snapshot
  `
    .trim()
    .split(/\s+/),
  unknown: 'linstor.csi.linbit.com storageos csi.alluxio.com alluxio'.split(' '),
}

const prefixedFsType = (value: string) => ({ 'csi.storage.k8s.io/fstype': value })

const byParameters: [provisioner: string, parameters: ClassParameters, answer: Answer][] = [
  ['pd.csi.storage.gke.io', {}, 'no'],
  ['pd.csi.storage.gke.io', { type: 'hyperdisk-ml' }, 'no'],
  ['pd.csi.storage.gke.io', { type: 'hyperdisk-balanced-high-availability' }, 'no'],
  ['kubernetes.io/gce-pd', { type: 'pd-ssd' }, 'no'],
  ['ebs.csi.aws.com', { type: 'gp3' }, 'no'],
  ['ebs.csi.aws.com', { type: 'io2' }, 'no'],
  ['vpc.file.csi.ibm.io', { profile: 'dp2' }, 'yes'],
  ['vpc.file.csi.ibm.io', { profile: 'rfs' }, 'yes'],
  ['vpc.file.csi.ibm.io', {}, 'unknown'],
  ['block.csi.vultr.com', { storage_type: 'vfs' }, 'yes'],
  ['block.csi.vultr.com', { storage_type: 'block' }, 'no'],
  ['block.csi.vultr.com', {}, 'no'],
  ['csi.trident.netapp.io', { backendType: 'ontap-nas' }, 'yes'],
  ['csi.trident.netapp.io', { backendType: 'ontap-nas-economy' }, 'yes'],
  ['csi.trident.netapp.io', { backendType: 'azure-netapp-files' }, 'yes'],
  ['csi.trident.netapp.io', { backendType: 'google-cloud-netapp-volumes' }, 'yes'],
  ['csi.trident.netapp.io', { backendType: 'ontap-san-economy' }, 'no'],
  ['csi.trident.netapp.io', { backendType: 'solidfire-san' }, 'no'],
  ['csi.trident.netapp.io', { backendType: 'something-new' }, 'unknown'],
  ['csi.trident.netapp.io', { selector: 'performance=flex' }, 'unknown'],
  ['csi-unity.dellemc.com', { protocol: 'NFS' }, 'yes'],
  ['csi-unity.dellemc.com', { protocol: 'FC' }, 'no'],
  ['csi-powerstore.dellemc.com', prefixedFsType('nfs'), 'yes'],
  ['csi-powerstore.dellemc.com', prefixedFsType('xfs'), 'no'],
  ['csi-powermax.dellemc.com', prefixedFsType('nfs'), 'yes'],
  ['csi-powermax.dellemc.com', {}, 'no'],
  ['csi-vxflexos.dellemc.com', prefixedFsType('nfs'), 'yes'],
  ['csi-vxflexos.dellemc.com', prefixedFsType('ext4'), 'no'],
  ['csi.hpe.com', { nfsResources: 'true', accessProtocol: 'iscsi' }, 'yes'],
  ['csi.hpe.com', { accessProtocol: 'nfs' }, 'yes'],
  ['csi.hpe.com', { nfsResources: 'false', accessProtocol: 'iscsi' }, 'no'],
  ['pure-csi', { backend: 'file' }, 'yes'],
  ['pure-csi', { backend: 'block' }, 'no'],
  ['pure-csi', {}, 'unknown'],
  ['pxd.portworx.com', { repl: '2' }, 'yes'],
  ['pxd.portworx.com', { sharedv4: 'true' }, 'yes'],
  ['pxd.portworx.com', { sharedv4: 'false' }, 'no'],
  ['pxd.portworx.com', { backend: 'pure_block' }, 'no'],
  ['pxd.portworx.com', { backend: 'pure_fa_file' }, 'yes'],
  ['pxd.portworx.com', { backend: 'pure_file' }, 'yes'],
  ['kubernetes.io/portworx-volume', { sharedv4: 'true' }, 'yes'],
  ['csi.vsphere.vmware.com', prefixedFsType('nfs4'), 'yes'],
  ['csi.vsphere.vmware.com', { fstype: 'nfs4' }, 'yes'],
  ['csi.vsphere.vmware.com', prefixedFsType('ext4'), 'no'],
  ['csi.vsphere.vmware.com', { storagepolicyname: 'vSAN' }, 'unknown'],
  ['cluster.local/nfs-subdir-external-provisioner', {}, 'yes'],
  ['cluster.local/nas-nfs-subdir-external-provisioner', {}, 'yes'],
  ['cluster.local/nfs-client-provisioner', {}, 'yes'],
  ['cluster.local/nas-nfs-client-provisioner', {}, 'yes'],
  ['cluster.local/nfs-server-provisioner', {}, 'yes'],
  ['cluster.local/team-nfs-server-provisioner', {}, 'yes'],
  ['fuseim.pri/ifs', {}, 'yes'],
  ['csi.nutanix.com', { storageType: 'NutanixFiles' }, 'yes'],
  ['csi.nutanix.com', { storageType: 'NutanixVolumes' }, 'no'],
  ['infinibox-csi-driver', { storage_protocol: 'nfs' }, 'yes'],
  ['infinibox-csi-driver', { storage_protocol: 'nfs_treeq' }, 'yes'],
  ['infinibox-csi-driver', { storage_protocol: 'iscsi' }, 'no'],
  ['infinibox-csi-driver', { storage_protocol: 'fc' }, 'no'],
  ['infinibox-csi-driver', { storage_protocol: 'nvme' }, 'no'],
  ['infinibox-csi-driver', {}, 'unknown'],
  ['csi.huawei.com', { protocol: 'nfs' }, 'yes'],
  ['csi.huawei.com', { protocol: 'iscsi' }, 'no'],
  ['csi.san.synology.com', { protocol: 'nfs' }, 'yes'],
  ['csi.san.synology.com', { protocol: 'smb' }, 'yes'],
  ['csi.san.synology.com', { fsType: 'btrfs' }, 'no'],
  ['org.democratic-csi.nfs', { fsType: 'nfs' }, 'yes'],
  ['org.democratic-csi.truenas', { fsType: 'cifs' }, 'yes'],
  ['org.democratic-csi.smb', { fsType: 'smb' }, 'yes'],
  ['org.democratic-csi.lustre', { fsType: 'lustre' }, 'yes'],
  ['org.democratic-csi.iscsi', { fsType: 'xfs' }, 'no'],
  ['org.democratic-csi.nvmeof', prefixedFsType('ext4'), 'no'],
  ['org.democratic-csi.nfs', {}, 'unknown'],
  ['driver.longhorn.io', {}, 'yes'],
  ['driver.longhorn.io', { nfsOptions: 'vers=4.2', fsType: 'ext4' }, 'yes'],
  ['driver.longhorn.io', { migratable: 'true' }, 'no'],
  ['driver.longhorn.io', { migratable: 'false' }, 'yes'],
  ['kubevirt.io.hostpath-provisioner', { storagePool: 'local' }, 'no'],
  ['kubevirt.io.hostpath-provisioner', { overlayCSI: 'true' }, 'unknown'],
]

describe('provisionerVerdict', () => {
  for (const [answer, names] of Object.entries(byName)) {
    it.each(names)(`says ${answer} for %s`, name => {
      expect(provisionerVerdict(name, {})?.answer).toBe(answer)
    })
  }

  it.each(byParameters)('tells %s with %j: %s', (provisioner, parameters, answer) => {
    expect(provisionerVerdict(provisioner, parameters)?.answer).toBe(answer)
  })

  it.each([
    'example.com/nfs',
    'constructor',
    '.cephfs.csi.ceph.com',
    'org.democratic-csi.',
    'cephfs.csi.ceph.com.example.com',
    'kubernetes.io/no-provisioner',
  ])('knows nothing of %s', name => {
    expect(provisionerVerdict(name, {})).toBeUndefined()
  })
})

describe('knownProvisioners', () => {
  const tested = [...Object.values(byName).flat(), ...byParameters.map(([name]) => name)]

  it('has each name once, with at most one star', () => {
    const names = knownProvisioners.map(([name]) => name)
    expect(new Set(names).size).toBe(names.length)
    expect(names.filter(name => name.split('*').length > 2)).toEqual([])
  })

  it('has no row without a test above', () => {
    const untested = knownProvisioners.filter(([name]) => {
      const [prefix = '', suffix] = name.split('*')
      return suffix === undefined
        ? !tested.includes(name)
        : !tested.some(
            other => other.startsWith(prefix) && other.endsWith(suffix) && other !== prefix + suffix,
          )
    })
    expect(untested.map(([name]) => name)).toEqual([])
  })
})
