/** Made-up calls to look at while working on the desk. The company does not exist. */
export interface Line {
  speaker: 'customer' | 'agent';
  text: string;
  suggest?: { summary: string; documents: string[] };
}

export interface Dialogue {
  customer: string;
  /** Seconds before now that it began, so that durations differ. */
  age: number;
  isOnHold?: boolean;
  lines: Line[];
}

export const DOCUMENTS: Record<
  string,
  { title: string; excerpt: string; url?: string; words: string[] }
> = {
  router: {
    title: 'Router shows a red light',
    excerpt:
      'A steady red light means that the router has no signal from the line. Unplug the power for 30 seconds, then check that the grey cable sits firmly in the socket marked DSL. After a restart the light blinks green for up to three minutes.',
    url: 'https://help.example.com/router-red-light',
    words: ['red', 'light', 'router', 'restart'],
  },
  outage: {
    title: 'Look up an outage in the customer’s area',
    excerpt:
      'Open the network map and enter the postcode. If an outage is listed, tell the customer the expected end and offer a text message when the line is back. Do not book a technician while an outage is open.',
    url: 'https://help.example.com/outages',
    words: ['outage', 'technician', 'line'],
  },
  technician: {
    title: 'Book a technician visit',
    excerpt:
      'A visit is free while the contract runs. Offer the first two free windows; the customer must be at home. For a line fault choose the reason “no signal”.',
    words: ['technician', 'visit'],
  },
  bill: {
    title: 'Why a bill is higher than usual',
    excerpt:
      'The most common reasons are the end of a discount, calls to numbers outside the plan, and a partial month after a change of plan. Open the bill’s second page to see one-time charges.',
    url: 'https://help.example.com/bill-higher',
    words: ['bill', 'higher', 'discount', 'charges'],
  },
  discount: {
    title: 'Extend a discount that has ended',
    excerpt:
      'Customers of more than 24 months may get the loyalty discount of 5 euros a month. Choose Offers, then Loyalty. It starts with the next bill and runs for a year.',
    words: ['discount', 'bill'],
  },
  move: {
    title: 'Moving to a new address',
    excerpt:
      'Enter the move at least 14 days ahead. Check first whether the new address has fibre. The contract moves along; a new minimum term begins only if the plan changes.',
    url: 'https://help.example.com/moving',
    words: ['move', 'address', 'moving', 'fibre'],
  },
  arabic: {
    title: 'إعادة تشغيل جهاز التوجيه',
    excerpt: 'افصل الكهرباء لمدة 30 ثانية، ثم تأكد من الكابل الرمادي في المقبس DSL.',
    url: 'https://help.example.com/ar/router',
    words: ['الكهرباء'],
  },
};

export const DIALOGUES: Dialogue[] = [
  {
    customer: 'Miriam Okafor',
    age: 214,
    lines: [
      {
        speaker: 'agent',
        text: 'Good morning, you are speaking with Jonas at Northline. How can I help you today?',
      },
      { speaker: 'customer', text: 'Hi, yes, so my internet has been gone since last night.' },
      {
        speaker: 'customer',
        text: 'And there is this little red light on the box that never was there before.',
        suggest: {
          summary: 'No internet since last night; red light on the router.',
          documents: ['router', 'outage'],
        },
      },
      {
        speaker: 'agent',
        text: 'I am sorry to hear that. Let me take a look. Could you tell me your postcode, please?',
      },
      { speaker: 'customer', text: 'Sure, it is 2 4 1 0 5.' },
      {
        speaker: 'agent',
        text: 'Thank you. I see no outage in your area, so it may be the router itself.',
      },
      {
        speaker: 'customer',
        text: 'I already turned it off and on again, twice actually. I work from home, so this is really, um, not great.',
      },
      {
        speaker: 'agent',
        text: 'I understand. Could you check whether the grey cable sits firmly in the socket marked DSL?',
      },
      { speaker: 'customer', text: 'Okay, wait, I have to crawl under the desk.' },
      {
        speaker: 'customer',
        text: 'It is in there. The light is still red. Can you not just send somebody to have a look at the line?',
        suggest: {
          summary: 'Router keeps a red light after a restart; the customer asks for a technician.',
          documents: ['technician', 'router', 'outage'],
        },
      },
      {
        speaker: 'agent',
        text: 'Yes, I can book a technician for you. The visit is free of charge.',
      },
      { speaker: 'agent', text: 'I have tomorrow between eight and ten, or Thursday afternoon.' },
      { speaker: 'customer', text: 'Tomorrow at eight would be perfect, thank you so much.' },
      {
        speaker: 'agent',
        text: 'Then I have booked it for you. You get a text message with the exact time.',
      },
      {
        speaker: 'customer',
        text: 'And one more thing, will I get some money back for the days without internet?',
      },
      {
        speaker: 'agent',
        text: 'If the line is down for more than two working days, yes. It appears on the next bill by itself.',
      },
      {
        speaker: 'customer',
        text: 'That is good to know. Do I have to be at home the whole time, or can my neighbour let them in?',
      },
      {
        speaker: 'agent',
        text: 'Your neighbour may open the door, but an adult has to stay with the technician.',
      },
      {
        speaker: 'customer',
        text: 'All right, I will ask him then. Could you maybe send me the number in case something changes?',
      },
      {
        speaker: 'agent',
        text: 'The number is in the text message, too. Is there anything else I can do for you?',
      },
      { speaker: 'customer', text: 'No, that was everything. Thank you, Jonas.' },
    ],
  },
  {
    customer: 'Piotr Lindqvist',
    age: 95,
    lines: [
      { speaker: 'agent', text: 'Northline, my name is Jonas. What can I do for you?' },
      {
        speaker: 'customer',
        text: 'Well, my bill is about twelve euros higher than usual and I did not change anything.',
        suggest: {
          summary: 'The bill is 12 euros higher than usual.',
          documents: ['bill', 'discount'],
        },
      },
      {
        speaker: 'agent',
        text: 'I will check that. I see that your welcome discount ended in March.',
      },
      {
        speaker: 'customer',
        text: 'Nobody told me. Is there any way to get a discount again? I have been with you for, what, six years.',
        suggest: {
          summary: 'The welcome discount ended; the customer of six years asks for a new one.',
          documents: ['discount', 'bill'],
        },
      },
      { speaker: 'agent', text: 'There is a loyalty discount that I can add for you right now.' },
      {
        speaker: 'customer',
        text: 'How much would that be, and does it bind me for another two years or something?',
      },
      {
        speaker: 'agent',
        text: 'Five euros a month for one year, and your contract stays as it is.',
      },
      {
        speaker: 'customer',
        text: 'Then please do that. And what about the twelve euros from this bill?',
      },
      {
        speaker: 'agent',
        text: 'Let me see what I can do about those. May I put you on hold for a moment?',
      },
    ],
  },
  {
    customer: 'Dr. Aylin Brandt-Castellanos',
    age: 31,
    lines: [
      { speaker: 'agent', text: 'Hello, this is Jonas at Northline.' },
      {
        speaker: 'customer',
        text: 'Hello, we are moving to a new flat in six weeks and I would like to take the contract along.',
        suggest: { summary: 'Moving to a new address in six weeks.', documents: ['move'] },
      },
      {
        speaker: 'agent',
        text: 'Congratulations on the new flat. Which address are you moving to?',
      },
      {
        speaker: 'customer',
        text: 'It is in the Lindenallee, number 14, third floor on the left.',
      },
      {
        speaker: 'agent',
        text: 'Thank you. There is fibre in the house already, so you could get a faster plan for the same price.',
      },
      {
        speaker: 'customer',
        text: 'Oh, that sounds interesting. Would somebody have to drill holes in the wall for that?',
      },
    ],
  },
  {
    customer: 'Tomasz Brill',
    age: 512,
    isOnHold: true,
    lines: [
      { speaker: 'agent', text: 'Northline, Jonas speaking.' },
      {
        speaker: 'customer',
        text: 'Hello, a technician was here on Monday and the line still drops every evening.',
      },
      { speaker: 'agent', text: 'I am sorry. I will ask the network team, please hold the line.' },
    ],
  },
  {
    customer: 'ليلى حداد',
    age: 95,
    lines: [
      { speaker: 'agent', text: 'Northline, Jonas speaking. How can I help?' },
      { speaker: 'customer', text: 'مرحبا، الإنترنت لا يعمل منذ يوم أمس، والضوء أحمر.' },
      { speaker: 'agent', text: 'One moment, I am looking at your line.' },
      {
        speaker: 'customer',
        text: 'رقم العقد هو 4711-22، والاسم ليلى حداد.',
        suggest: { summary: 'الإنترنت لا يعمل منذ يوم أمس.', documents: ['router', 'arabic'] },
      },
      // Would be read backwards, if what it holds were obeyed.
      { speaker: 'agent', text: 'The credit is \u202e00.01\u202c euros, from the next bill on.' },
    ],
  },
];
