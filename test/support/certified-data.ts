/** Reads daticert.xml with libxml2, for the tests of what was certified. */
import { XmlDocument, XmlElement } from 'libxml2-wasm'

/** By the names of the XML; null where an element is missing. */
export interface CertifiedData {
  readonly tipo: string
  readonly errore: string
  readonly mittente: string
  /** each with its kind */
  readonly destinatari: readonly (readonly [address: string, kind: string])[]
  readonly risposte: string
  readonly oggetto: string | null
  readonly gestore: string
  readonly identificativo: string
  readonly msgid: string | null
  /** the kind of receipt */
  readonly ricevuta: string | null
  readonly consegna: string | null
  readonly ricezione: readonly string[]
  readonly erroreEsteso: string | null
}

export interface CertifiedMoment {
  readonly giorno: string
  readonly ora: string
  readonly zona: string
}

export function readCertifiedData(xml: Buffer): { readonly data: CertifiedData; readonly moment: CertifiedMoment } {
  const document = XmlDocument.fromBuffer(xml)
  try {
    const all = (path: string): XmlElement[] => document.find(path).filter((node) => node instanceof XmlElement)
    const text = (path: string): string | null => all(path)[0]?.content ?? null
    const attribute = (path: string, name: string): string | null => all(path)[0]?.attr(name)?.value ?? null
    return {
      data: {
        tipo: attribute('/postacert', 'tipo') ?? '',
        errore: attribute('/postacert', 'errore') ?? '',
        mittente: text('/postacert/intestazione/mittente') ?? '',
        destinatari: all('/postacert/intestazione/destinatari').map(
          (element) => [element.content, element.attr('tipo')?.value ?? ''] as const,
        ),
        risposte: text('/postacert/intestazione/risposte') ?? '',
        oggetto: text('/postacert/intestazione/oggetto'),
        gestore: text('/postacert/dati/gestore-emittente') ?? '',
        identificativo: text('/postacert/dati/identificativo') ?? '',
        msgid: text('/postacert/dati/msgid'),
        ricevuta: attribute('/postacert/dati/ricevuta', 'tipo'),
        consegna: text('/postacert/dati/consegna'),
        ricezione: all('/postacert/dati/ricezione').map(({ content }) => content),
        erroreEsteso: text('/postacert/dati/errore-esteso'),
      },
      moment: {
        giorno: text('/postacert/dati/data/giorno') ?? '',
        ora: text('/postacert/dati/data/ora') ?? '',
        zona: attribute('/postacert/dati/data', 'zona') ?? '',
      },
    }
  } finally {
    document.dispose()
  }
}
