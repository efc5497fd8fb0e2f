import {
  BLOCK,
  byParameter,
  FS_TYPE,
  RAW_BLOCK,
  type Row,
  type Rule,
  shared,
  unknown,
} from './provisioner-rule.ts'

const NFS = shared('NFS shares')
const SMB = shared('SMB shares')

// The ontap rows are from CDI. The other values are from memory, not verified against Trident's
// documentation. A class may also choose its backend by storage pool or selector. Then only the backend
// configuration tells, which is not in the class.
const trident: Rule = byParameter('backendType', {
  'ontap-nas*': NFS,
  'azure-netapp-files*': NFS,
  'google-cloud-netapp-volumes': NFS,
  'ontap-san*': RAW_BLOCK,
  'solidfire-san': RAW_BLOCK,
})

const dellByFsType: Rule = byParameter(FS_TYPE, { nfs: NFS }, RAW_BLOCK)

// Any other value is a backend on the cluster's own disks, exported by a sharedv4 service.
const portworx: Rule = byParameter(
  'backend',
  { pure_block: RAW_BLOCK, pure_fa_file: NFS, pure_file: NFS },
  byParameter('sharedv4', { false: BLOCK }, shared('volumes exported over NFS (sharedv4)')),
)

// The class does not show whether the datastore is vSAN with File Services, and the driver creates a file
// volume for any ReadWriteMany claim. Only a file system for disks rules that out.
const vsphere: Rule = byParameter(
  FS_TYPE,
  { 'nfs*': shared('vSAN file shares'), 'ext*': BLOCK, xfs: BLOCK, ntfs: BLOCK },
  unknown(
    'provides shared file systems only if vSAN File Services are enabled, which its class does not show',
  ),
)

/** Provisioners of storage arrays, parallel file systems and hypervisors outside the cluster. */
export const arrayProvisioners: readonly Row[] = [
  // NetApp
  ['csi.trident.netapp.io', 'cdi', trident],
  ['beegfs.csi.netapp.com', 'csi-list', shared('BeeGFS folders')],

  // Dell
  ['csi-isilon.dellemc.com', 'cdi', NFS],
  ['csi-unity.dellemc.com', 'cdi', byParameter('protocol', { nfs: NFS }, RAW_BLOCK)],
  ['csi-powerstore.dellemc.com', 'cdi', dellByFsType],
  ['csi-powermax.dellemc.com', 'cdi', dellByFsType],
  ['csi-vxflexos.dellemc.com', 'cdi', dellByFsType],

  // HPE; nfsResources puts an NFS server in front of the block volume, and accessProtocol is for arrays with
  // files
  [
    'csi.hpe.com',
    'driver',
    byParameter('nfsResources', { true: NFS }, byParameter('accessProtocol', { nfs: NFS }, RAW_BLOCK)),
  ],
  ['com.mapr.csi-kdf', 'csi-list', shared('Data Fabric volumes')],

  // Pure Storage and Portworx
  ['pure-csi', 'driver', byParameter('backend', { file: NFS, block: RAW_BLOCK })],
  ['pxd.portworx.com', 'cdi', portworx],
  ['kubernetes.io/portworx-volume', 'cdi', portworx],

  // IBM
  ['spectrumscale.csi.ibm.com', 'cdi', shared('Storage Scale filesets')],
  ['block.csi.ibm.com', 'cdi', RAW_BLOCK],

  // VMware
  ['csi.vsphere.vmware.com', 'driver', vsphere],
  ['kubernetes.io/vsphere-volume', 'memory', BLOCK],

  // Nutanix
  [
    'csi.nutanix.com',
    'usage',
    byParameter('storageType', { nutanixfiles: shared('Nutanix Files shares'), nutanixvolumes: BLOCK }),
  ],

  // Others with files, blocks or both
  [
    'infinibox-csi-driver',
    'cdi',
    byParameter('storage_protocol', {
      nfs: NFS,
      nfs_treeq: NFS,
      iscsi: RAW_BLOCK,
      fc: RAW_BLOCK,
      nvme: RAW_BLOCK,
    }),
  ],
  ['csi.huawei.com', 'cdi', byParameter('protocol', { nfs: NFS }, RAW_BLOCK)],
  ['csi.san.synology.com', 'driver', byParameter('protocol', { nfs: NFS, smb: SMB }, BLOCK)],
  ['hspc.csi.hitachi.com', 'cdi', RAW_BLOCK],
  ['xspc.csi.hpe.com', 'cdi', RAW_BLOCK],
  ['csi.vastdata.com', 'csi-list', NFS],
  ['block.csi.vastdata.com', 'memory', RAW_BLOCK],
  ['csi.weka.io', 'csi-list', shared('WekaFS folders')],
  ['exa.csi.ddn.com', 'csi-list', shared('EXAScaler Lustre folders')],
  ['com.hammerspace.csi', 'csi-list', shared('Hammerspace shares')],
  ['csi.fs.xsky.com', 'csi-list', shared('XEUS file systems')],
  ['csi.block.xsky.com', 'csi-list', BLOCK],
  ['csi-exos-x.seagate.com', 'csi-list', BLOCK],
]
