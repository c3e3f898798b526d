/** The text file of an extract: what is in it, and the commands that verify it. The guide has the same commands, and a test runs them. */
import { WORDS } from './extract-words.ts'
import type { RecordedRequest } from './extract-request.ts'

export const VERIFY_COMMANDS = `sha256sum --check --strict manifest.sha256
openssl cms -verify -binary -inform DER -in manifest.sha256.p7s -content manifest.sha256 -CAfile certificates/seal-ca.pem -out /dev/null
openssl ts -verify -data manifest.sha256.p7s -in manifest.sha256.p7s.tst -token_in -CAfile certificates/timestamp-ca.pem
for stamp in stamps/*.tst; do
  [ -e "$stamp" ] || continue
  root=$(tail -n 1 "\${stamp%.tst}.jsonl" | cut -d '"' -f 4)
  openssl ts -verify -digest "$root" -in "$stamp" -token_in -CAfile certificates/timestamp-ca.pem
done
`

const TEXTS = {
  it: {
    files: `extract.pdf            l'estratto, per le persone
extract.csv            gli stessi dati in una tabella. Un apostrofo precede i valori che un foglio di calcolo prenderebbe per formule
extract.json           gli stessi dati per i programmi, con la richiesta
proofs.jsonl           per ogni registrazione il percorso di Merkle fino al segmento sigillato, e i segmenti fino alla marca temporale
stamps/                le marche temporali giornaliere del registro, con le righe che coprono
manifest.sha256        gli hash SHA-256 dei file
manifest.sha256.p7s    il sigillo del gestore sul manifesto (CMS)
manifest.sha256.p7s.tst  la marca temporale sul sigillo (RFC 3161)
certificates/          i certificati di chi ha sigillato e di chi ha marcato, per comodità`,
    verify: 'Per verificare, in questa cartella, con openssl e sha256sum:',
    trust: `Ogni comando deve riuscire. I certificati in certificates/ valgono se sono quelli che le autorità stesse pubblicano: si confrontino
con essi. Se un certificato è scaduto nel frattempo, si aggiunga -attime SECONDI con l'istante della marca temporale, che si legge con
openssl ts -reply -in manifest.sha256.p7s.tst -token_in -text`,
  },
  en: {
    files: `extract.pdf            the extract, for people
extract.csv            the same data as a table. An apostrophe stands before what a spreadsheet would take for a formula
extract.json           the same data for programs, with the request
proofs.jsonl           for each entry the Merkle path to its sealed segment, and the segments up to the time stamp
stamps/                the daily time stamps of the log, with the lines under them
manifest.sha256        the SHA-256 hashes of the files
manifest.sha256.p7s    the provider's seal on the manifest (CMS)
manifest.sha256.p7s.tst  the time stamp on the seal (RFC 3161)
certificates/          the certificates of who sealed and who stamped, for convenience`,
    verify: 'To verify, in this folder, with openssl and sha256sum:',
    trust: `Each command must succeed. The certificates in certificates/ count if they are those that the authorities themselves publish: compare
them. If a certificate has ended meanwhile, add -attime SECONDS with the time of the time stamp, which is read with
openssl ts -reply -in manifest.sha256.p7s.tst -token_in -text`,
  },
} as const

export function readmeText({ language, id }: RecordedRequest, provider: string): string {
  const { title } = WORDS[language]
  const { files, verify, trust } = TEXTS[language]
  const commands = VERIFY_COMMANDS.trimEnd()
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n')
  return `${title}\n${provider}\n${id}\n\n${files}\n\n${verify}\n\n${commands}\n\n${trust}\n`
}
