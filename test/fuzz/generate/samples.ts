const X96 = 'x'.repeat(96)
const HEX = '0123456789abcdef'.repeat(4)
const B63 = 'b'.repeat(63)
const T128 = 't'.repeat(128)

const words = (text: string) => text.split(' ')

/**
 * Texts for the fields of a ModelCache: correct ones first, then a line or two of nearly correct or wrong
 * ones.
 */
export const SAMPLES = {
  repo: [
    ...words(`meta-llama/Llama-3.3-70B-Instruct gpt2 _ok/ok_ a.b/c ${X96} ${X96}/${X96}`),
    ...words(`${X96}x a/b/c -a a- .a a. a--b a..b a.git a.git/b /a a/ é`),
    ...['', 'a\n', 'a b'],
  ],
  revision: [
    ...words('main v1.0 refs/pr/1 a@b é a/b.c 5206a32e a.lockx {@'),
    ...words('a..b /a a/ -a a/-b a. .a a/.b a.lock a.lock/b @ a@{b a~1 a^ a:b a? a* a[ a\\b a//b'),
    ...['a b', 'a\x7f', 'a\x80', 'a\n', 'a\u202eb', 'a\u200b'],
  ],
  glob: [...words('*.safetensors * a/..b é . **/[a] /x ../x a/../b a/.. ..'), 'a\x01', 'a\n', 'a b'],
  s3: [
    ...words(`s3://bucket/prefix/ s3://bucket s3://a-b.c/ s3://bucket/a..b/é s3://${B63}/ s3://1.2.3.4.5`),
    ...words(
      `s3://bu s3://Bucket/ s3://a..b/ s3://1.2.3.4/x s3://1.2.3.4 s3://xn--a s3://bucket/../x s3://bucket/..`,
    ),
    ...words(`s3://bucket-/ s3://-bucket s3:///x S3://bucket bucket s3://${B63}b/`),
    ...['s3://bucket/a\nb', 's3://buck et'],
  ],
  url: [
    ...words('https://models.example.com/a.tar http://h https://h?q https://h#f https://[::1]:8443/x'),
    ...words('https://h/x@y https://h/?a@b https://h:65535/ https://h/é https://h//../x'),
    ...words(
      'https:// https:///x https://u:p@h/ https://@h https://h:65536/ https://[::1/x ftp://h HTTPS://h',
    ),
    ...words('https:/h https://%zz/ https://a:b https://h\\@x https://h\\x'),
    ...['https://h /', 'https://h/a b', 'https://h/\n'],
  ],
  oci: [
    ...words(`ghcr.io/models/llama:70b localhost:5000/a r.io/a/b@sha256:${HEX} r.io/a:t@sha512:${HEX}${HEX}`),
    ...words(`r.io/a__b r.io/a---b r.io/a.b_c-d R-x.io/a r.io/a:_T.9 r.io/a:${T128}`),
    ...words(
      'llama r.io/ /a r.io/A r.io/a..b r.io/a___b r.io/a._b r.io/-a r.io/a- r.io/a: r.io/a:-t r.io/a@',
    ),
    ...words(`r.io/a@sha256:${HEX}0 r.io/a@sha512:${HEX} r.io:/a r.io:x/a -r.io/a r..io/a r.io/a:${T128}t`),
    ...words(`r.io/a@sha256:${HEX}@sha256:${HEX} r.io/a/b:t:u r.io//a r.io/é`),
    ...['r.io/a b', 'r.io/a\n'],
  ],
  gcs: [
    ...words('gs://bucket/prefix/ gs://bucket gs://b_1.x/a/../b/ gs://b_1.x/a/b gs://1a1/é gs://bucket/..a'),
    ...words(
      `gs://${'a'.repeat(222)} gs://${'a'.repeat(223)} gs://ab gs://Bucket gs://a..b gs://-ab s3://bucket gs://`,
    ),
    ...['gs://bucket/a\nb', 'gs://buck et', 'gs://bucket/a b'],
  ],
  azure: [
    ...words('az://container/prefix/ az://container az://$root/a az://$web az://1-a/x/..b az://abc/é'),
    ...words(
      `az://${'a'.repeat(63)} az://${'a'.repeat(64)} az://ab az://a--b az://-ab az://Abc az://$logs az://a.b az://`,
    ),
    ...words('az://abc/../x az://abc/x/.. gs://abc'),
    ...['az://abc/a\nb', 'az://abc/a b', 'az://a bc'],
  ],
  platform: [
    ...words('linux/amd64 linux/arm64/v8 windows/amd64 linux/riscv64 linux/arm/v7.1'),
    ...words('linux Linux/amd64 linux/ /amd64 linux/amd64/ linux/amd64/v1/x linux//v8 linux/amd.64'),
    ...['', 'linux/amd64\n'],
  ],
  imagePath: [
    ...words('/models / /opt/llama/ /a/...b /.hidden /é'),
    ...words('models /models//a // /../a /a/.. /a/./b ./a'),
    ...['', '/a\u0007', '/a b'],
  ],
  file: [
    ...words(`chat.jinja templates/chat.jinja é.txt ... constructor ${'é'.repeat(127)}`),
    ...words(`/a a/ a//b . .. a/../b ./a ${'x'.repeat(256)} ${'é'.repeat(128)}`),
    ...words('CHAT.jinja chat.jinja/x Templates'),
    ...['a b', 'a\0b', ''],
  ],
  path: [
    ...words('/mnt/model /models /é /home/x /usr/local /etcx /... /mnt/..x /run/x /var/lib/x'),
    ...words('/ mnt /mnt/ /mnt//x /mnt/./x /mnt/../x /.. /. /mnt/.. /mnt/a:b //'),
    ...words(
      '/usr /dev /dev/x /proc/1 /sys/x /var/run /var/run/secrets /run/secrets/kubernetes.io /home /tmp',
    ),
    ...words('/var/run/secrets/kubernetes.io/serviceaccount/x /run/secrets/kubernetes.io/serviceaccount'),
    ...[
      '/mnt/a b',
      '/mnt/\u202ea',
      '/mnt/\u001b[31m',
      '/mnt/a\nb',
      '/mnt/\ufeffa',
      `/mnt/${'é'.repeat(128)}`,
    ],
    ...words('/etc/passwd /etc/ld.so.preload /usr/bin /usr/lib/x /lib64/x /usr /usrx'),
  ],
  folder: [...words('llama a/b a/ ..a . a//b /a .. a/../b a/..'), 'a\u202e', 'a\nb', 'x'.repeat(256)],
}
