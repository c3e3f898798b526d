/**
 * The programs that the end-to-end tests use as judges, and the Debian packages that bring them. As root on Debian they are
 * installed; elsewhere a message names what is missing, and the tests that need it are skipped (with CI=true they fail).
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

const packageOf = {
  Xvfb: 'xvfb',
  certutil: 'libnss3-tools',
  chromium: 'chromium',
  clamd: 'clamav-daemon',
  curl: 'curl',
  dnsmasq: 'dnsmasq-base',
  fetchmail: 'fetchmail',
  'g++': 'g++',
  getmail: 'getmail6',
  gsasl: 'gsasl',
  mbsync: 'isync libsasl2-modules',
  mpop: 'mpop',
  msmtp: 'msmtp',
  mutt: 'mutt',
  neomutt: 'neomutt',
  offlineimap: 'offlineimap3',
  openssl: 'openssl',
  pdftotext: 'poppler-utils',
  python3: 'python3',
  script: 'bsdutils',
  'softhsm2-util': 'softhsm2',
  swaks: 'swaks libnet-ssleay-perl',
  thunderbird: 'thunderbird',
  xmllint: 'libxml2-utils',
}

/** Daemons lie in a folder that is not on everybody's path. */
const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin']
const onPath = (program) => folders.some((folder) => existsSync(join(folder, program)))

/** Installs what is missing where it may; says what is missing where it may not. */
export function ensureTestTools() {
  const missing = Object.keys(packageOf).filter((program) => !onPath(program))
  if (missing.length === 0) return
  const packages = missing.flatMap((program) => packageOf[program].split(' '))
  if (process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
    const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    const apt = (...args) => spawnSync('apt-get', ['-qq', ...args], { stdio: ['ignore', 2, 2], env: environment }).status === 0
    if (apt('update') && apt('install', '-y', '--no-install-recommends', ...packages)) return
    process.stderr.write('apt-get could not install the test tools (see above).\n')
  }
  process.stderr.write(
    `Missing for the end-to-end tests: ${missing.join(', ')}.\nOn Debian: sudo apt-get install ${packages.join(' ')}\n`,
  )
  if (process.env['CI'] === 'true') process.exit(1)
}
