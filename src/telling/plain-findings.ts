/** What was found of who answers for a mail, for those who know none of the standards by which it was found. */
import type { ArcFinding, DkimFinding, DmarcFinding, SpfFinding } from '../../machines/vocabulary/findings.ts'

export const plainSpf = ({ domain, identity, result }: SpfFinding): string => {
  const whose =
    identity === 'helo' ? `The domain ${domain}, as the server calls itself,` : `The domain ${domain}`
  switch (result) {
    case 'pass':
      return `${whose} lists this server as one of its senders`
    case 'fail':
      return `${whose} does not list this server as one of its senders, and says that it has no others`
    case 'softfail':
      return `${whose} does not list this server as one of its senders, but may have others`
    case 'neutral':
      return `${whose} does not say whether this server is one of its senders`
    case 'none':
      return `${whose} does not say which servers are its senders`
    case 'temperror':
      return `${whose} could not be asked at that moment which servers are its senders`
    case 'permerror':
      return `${whose} has a list of its senders that cannot be read`
  }
}

export const plainDkim = ({ domain, result }: DkimFinding): string => {
  const signature = domain === '' ? 'A signature' : `The signature of ${domain}`
  switch (result) {
    case 'pass':
      return `${domain} signed this mail, and nobody has changed it since`
    case 'fail':
      return `${signature} does not fit: the mail was changed on its way, or is not signed by its owner`
    case 'policy':
      return `${signature} is too weak, or too large, to count here`
    case 'neutral':
      return `${signature} cannot be read`
    case 'none':
      return `${signature} was not looked at`
    case 'temperror':
      return `${signature} could not be checked at that moment: its key could not be looked up`
    case 'permerror':
      return `${signature} cannot be checked: its key is not published, or the signature is written wrongly`
  }
}
export const plainUnsigned = 'Nobody signed this mail'

const wishes = {
  none: 'asks for nothing to be done about such mail',
  quarantine: 'asks to treat such mail as suspicious',
  reject: 'asks to refuse such mail',
} as const

export const plainDmarc = ({ domain, result, policy }: DmarcFinding): string => {
  if (domain === null) return 'There is no one author whose domain could be asked'
  const whose = `The author’s domain ${domain}`
  switch (result) {
    case 'pass':
      return `${whose} vouches for this mail`
    case 'fail':
      return `${whose} does not vouch for this mail${policy === undefined ? '' : `, and ${wishes[policy]}`}`
    case 'none':
      return `${whose} does not say how mail in its name is known`
    case 'temperror':
      return `${whose} could not be asked at that moment how mail in its name is known`
    case 'permerror':
      return `${whose} says how mail in its name is known, but that cannot be read`
  }
}

export const plainArc = ({ result, sealers }: ArcFinding): string => {
  const who = sealers.join(' and before that ')
  switch (result) {
    case 'pass':
      return `It was passed on by ${who}, and each says what was known of it then`
    case 'fail':
      return `It was passed on${who === '' ? '' : ` by ${who}`}, and what is said to have been known of it then does not hold`
    case 'none':
      return 'Nobody who passed it on says what was known of it then'
  }
}
