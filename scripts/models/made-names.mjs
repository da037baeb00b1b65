// Makes up names of people, places, organisations and addresses out of lists, in the many ways in which people write them.
const COMPANIES =
  'Apple,Google,Microsoft,Amazon,Siemens,Bosch,Toyota,Nestlé,IBM,Oracle,Deutsche Bank,Barclays,HSBC,Shell,BP,Pfizer,Roche,Novartis,Sony,Samsung,Intel,Nvidia,Boeing,Airbus,Walmart,Tesco,Ikea,Volvo,Ford,General Motors,Tesla,Uber,Airbnb,Netflix,Spotify,Vodafone,Verizon,Orange,Goldman Sachs,Morgan Stanley,JP Morgan,Accenture,Deloitte,KPMG,McKinsey,Harvard University,University of Oxford,Stanford University,MIT,NASA,FBI,World Bank,United Nations,Red Cross,Greenpeace,BBC,CNN,Reuters,The New York Times,PayPal,Stripe,Visa,Mastercard,American Express,Coca-Cola,PepsiCo,Unilever,Procter & Gamble,Johnson & Johnson,3M,General Electric,Adidas,Nike,Zara,H&M,Lufthansa,Air France,Delta Airlines,FedEx,UPS,DHL,Maersk,Allianz,AXA,Credit Suisse,UBS,Santander,Salesforce,SAP,Adobe,Cisco,Dell,HP,Lenovo,Xiaomi,Huawei,Alibaba,Tencent,Baidu,Yahoo,Facebook,Twitter,LinkedIn,Slack,Zoom,Dropbox,GitHub,GitLab,Red Hat,Canonical,Mozilla'.split(
    ',',
  );
const STEMS =
  'data,info,net,soft,tech,cloud,health,med,bio,eco,green,solar,open,smart,deep,bright,blue,red,silver,north,west,sun,star,sky,fire,iron,stone,river,fair,true,civic,social,power,energy,market,trade,credit,capital,fund,loan,pay,home,estate,food,farm,travel,auto,work,job,learn,edu,legal,print,media,photo,sound,game,sport,care,life,vision,signal,logic,code,byte,pixel,quant,geo,map,weather,plot,chart,view,scope,sense,mind,wise,sage,owl,fox,wolf,bear'.split(
    ',',
  );
const ENDS =
  'Inc,Inc.,LLC,Ltd,Ltd.,Corp,Corp.,Corporation,Group,PLC,GmbH,AG,S.A.,Holdings,Partners,Solutions,Technologies,Systems,Labs,Research,Consulting,Capital,Financial,Bank,Media,Software,Industries,Foundation,Institute,University,Hospital,Insurance,Services,Associates,Ventures,Analytics,Networks,International'.split(
    ',',
  );
const STREETS =
  'Street,St,St.,Road,Rd,Avenue,Ave,Ave.,Lane,Drive,Dr,Boulevard,Way,Court,Place,Terrace,Square,Crescent'.split(',');
const JOINED = 'gasse,straße,strasse,weg,gatan,vej,veien,katu,straat,laan,utca,allee,platz'.split(',');
const BEFORE = 'Rue de,Rue,Avenue,Via,Calle,Rua,ul.,Plaza,Boulevard,Strada,Calle de la,Av.,Corso,C.'.split(',');

/** @param locales of {@link fakerLocales}. @param random a `Random` of Weir. */
export function nameMaker(locales, random) {
  const pick = list => list[random.below(list.length)];
  const chance = share => random.next() < share;
  const digits = (least, most) => {
    let text = '';
    for (let left = least + random.below(most - least + 1); left > 0; left--) text += random.below(10);
    return text;
  };
  const title = word => word.charAt(0).toUpperCase() + word.slice(1);
  const cased = text => {
    const way = random.next();
    if (way < 0.08) return text.toLowerCase();
    return way < 0.12 ? text.toUpperCase() : text;
  };
  const last = () => pick(pick(locales).last);
  const place = () => {
    const { place: places, country } = pick(locales);
    const list = chance(0.6) && places.length > 0 ? places : country.length > 0 ? country : places;
    if (list.length === 0) return place();
    const text = pick(list);
    const way = random.next();
    return way < 0.18 ? text.toUpperCase() : way < 0.26 ? text.toLowerCase() : text;
  };
  const street = () => {
    const way = random.next();
    if (way < 0.4) return `${last()} ${pick(STREETS)}`;
    if (way < 0.65) return `${last()}${pick(JOINED)}`;
    if (way < 0.9) return `${pick(BEFORE)} ${last()}`;
    return `${last()} ${last()} ${pick(STREETS)}`;
  };
  const address = () => {
    const way = random.next();
    if (way < 0.06) return `PSC ${digits(4, 4)}, Box ${digits(3, 4)}\nAPO ${pick(['AP', 'AA', 'AE'])} ${digits(5, 5)}`;
    if (way < 0.1) return `Unit ${digits(4, 4)} Box ${digits(4, 4)}\nDPO ${pick(['AP', 'AA', 'AE'])} ${digits(5, 5)}`;
    const line = chance(0.5) ? `${digits(1, 5)} ${street()}` : `${street()} ${digits(1, 4)}`;
    const more = chance(0.35)
      ? `${chance(0.3) ? '\n' : ' '}${pick(['Apt.', 'Suite', 'Flat', 'Apt'])} ${digits(2, 3)}`
      : '';
    const town = chance(0.35) ? `${pick(['\n', ', ', '\n '])}${place()}${pick([' ', ', ', '\n'])}${digits(4, 5)}` : '';
    return line + more + town;
  };
  const organization = () => {
    const way = random.next();
    if (way < 0.3) return pick(COMPANIES);
    if (way < 0.4) return `${last()}-${last()}`;
    if (way < 0.5) return `${last()}, ${last()} and ${last()}`;
    if (way < 0.6) return `${last()} ${pick(ENDS)}`;
    if (way < 0.75) return title(pick(STEMS) + pick(STEMS)) + (chance(0.4) ? ` ${pick(ENDS)}` : '');
    if (way < 0.9) return `${title(pick(STEMS))} ${chance(0.5) ? title(pick(STEMS)) : pick(ENDS)}`;
    return `${title(pick(STEMS))} ${title(pick(STEMS))} ${pick(ENDS)}`;
  };
  const person = () => {
    const locale = pick(locales);
    const first = pick(locale.first);
    const family = pick(locale.last);
    const way = random.next();
    if (way < 0.3) return cased(first);
    if (way < 0.42) return cased(family);
    if (way < 0.5) return cased(`${first} ${first.charAt(0) === '' ? '' : title(pick(STEMS)).charAt(0)}. ${family}`);
    if (way < 0.56) return cased(`${first} ${title(pick(STEMS)).charAt(0)} ${family}`);
    if (way < 0.6) return cased(`${first} ${family} ${pick(locale.last)}`);
    if (way < 0.63)
      return cased(`${first} ${pick(['de', 'van', 'von', 'da', 'del', 'van der', 'al', 'bin'])} ${family}`);
    return cased(`${first} ${family}`);
  };
  return { person, place, organization, address, pick, chance };
}
