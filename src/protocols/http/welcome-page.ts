/** The first page: who runs this, and how a mail client is set up. Italian first, English below. */
import { escapeHtml } from '../../base/html.ts'

export interface ClientParameters {
  readonly provider: string
  readonly serverName: string
  readonly ports: Readonly<Record<'submissions' | 'submission' | 'imaps' | 'imap' | 'pop3s' | 'pop3', number>>
}

/** The look of the pages of web/ (web/common/style.css), as far as this page has its elements. */
const STYLE = `
:root { color-scheme: light dark; --blue: #0066cc; --band: #004d99; --text: #17324d; --ground: #fff; --line: #5d7083; }
body { font: 1.125rem/1.5 "Titillium Web", system-ui, sans-serif; margin: 0; color: var(--text); background: var(--ground); }
header { background: var(--band); color: #fff; }
header p, main { box-sizing: border-box; max-width: 60rem; margin: 0 auto; padding: 0 1.25rem; }
header p { font-size: 1.5rem; font-weight: 700; line-height: 4rem; }
main { padding-block: 2rem 3rem; }
h1, p { overflow-wrap: anywhere; }
h1 { margin: 0 0 .75rem; font-size: clamp(1.75rem, 5vw, 2.5rem); line-height: 1.2; }
h2 { margin: 2.5rem 0 .5rem; font-size: clamp(1.25rem, 4vw, 1.5rem); }
table { border-collapse: collapse; width: 100%; font-size: 1rem; }
th, td { text-align: left; padding: .5rem .5rem .5rem 0; border-bottom: 1px solid var(--line); }
th { font-weight: 600; }
a { color: var(--blue); }
@media (prefers-color-scheme: dark) {
:root { --blue: #6db3ff; --band: #0b2a4a; --text: #e8eef5; --ground: #0d1620; --line: #7d92a7; }
}
`

export function welcomePage({ provider, serverName, ports }: ClientParameters): string {
  const rows = (names: { send: string; read: string; starttls: string }): string =>
    [
      [names.read, 'IMAP', ports.imaps, 'TLS'],
      [names.read, 'IMAP', ports.imap, names.starttls],
      [names.read, 'POP3', ports.pop3s, 'TLS'],
      [names.read, 'POP3', ports.pop3, names.starttls],
      [names.send, 'SMTP', ports.submissions, 'TLS'],
      [names.send, 'SMTP', ports.submission, names.starttls],
    ]
      .map(
        ([use, protocol, port, security]) => `<tr><td>${use}</td><td>${protocol}</td><td>${port}</td><td>${security}</td></tr>`,
      )
      .join('\n')
  const head = (...titles: string[]): string =>
    `<thead><tr>${titles.map((title) => `<th scope="col">${title}</th>`).join('')}</tr></thead>`
  return `<!doctype html>
<html lang="it">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(provider)}: posta elettronica certificata</title>
<style>${STYLE}</style>
</head>
<body>
<header><p>Ceralacca</p></header>
<main>
<h1>${escapeHtml(provider)}</h1>
<p>Posta elettronica certificata.</p>
<h2>Configurare il programma di posta</h2>
<p>Server: <strong>${escapeHtml(serverName)}</strong>. Il nome utente è l'indirizzo certificato completo.</p>
<table>
${head('Per', 'Protocollo', 'Porta', 'Sicurezza')}
<tbody>
${rows({ send: 'Inviare', read: 'Leggere', starttls: 'STARTTLS' })}
</tbody>
</table>
<p><a href="/verify">Verificare un fascicolo di prova</a></p>
<section lang="en">
<h2>Setting up your mail client</h2>
<p>Server: <strong>${escapeHtml(serverName)}</strong>. The user name is the whole certified address.</p>
<table>
${head('To', 'Protocol', 'Port', 'Security')}
<tbody>
${rows({ send: 'Send', read: 'Read', starttls: 'STARTTLS' })}
</tbody>
</table>
<p><a href="/verify">Verify an evidence bundle</a></p>
</section>
</main>
</body>
</html>
`
}
