package safety

import "strings"

// The words that say what stands beside them, in the languages of the programmes: English, Norwegian, Ukrainian, German, French,
// Spanish, Arabic, and some of Swedish, Danish, Dutch, Italian and Polish. They are switches and not maps, so that nothing is built at a start.

// atWord says whether w is how the sign @ is spelled out.
func atWord(w string) bool {
	switch w {
	case "at", "krøllalfa", "alfakrøll", "собака", "равлик", "arroba", "arobase", "arobas", "klammeraffe", "snabela", "chiocciola", "małpa", "æt":
		return true
	}
	return false
}

// dotWord says whether w is how the dot of an address is spelled out.
func dotWord(w string) bool {
	switch w {
	case "dot", "punkt", "punktum", "prikk", "крапка", "точка", "point", "punto", "kropka", "نقطة", "دوت":
		return true
	}
	return false
}

// pronoun says whether w may stand before "at" without being the first half of an address.
func pronoun(w string) bool {
	switch w {
	case "me", "us", "him", "her", "them", "you", "look", "looking", "is", "are", "was", "be", "were", "work", "available", "meet":
		return true
	}
	return false
}

// ending says whether w is a top-level domain that people here have addresses in.
func ending(w string) bool {
	switch w {
	case "com", "org", "net", "info", "edu", "gov", "io", "eu", "me", "app", "dev", "biz", "co", "ai", "tv", "online", "site", "no", "ua", "укр", "de",
		"fr", "es", "se", "dk", "fi", "is", "pl", "uk", "us", "ca", "au", "it", "nl", "be", "ch", "at", "pt", "ie", "cz", "sk", "hu", "ro", "bg", "gr",
		"lt", "lv", "ee", "tr", "sy", "iq", "eg", "sa", "ae", "lb", "jo", "ma", "dz", "tn", "so", "et", "er", "af", "ir", "pk", "ge", "md", "by", "ru", "gl", "ly":
		return true
	}
	return false
}

// mailHost says whether w is a host that gives mailboxes to everybody.
func mailHost(w string) bool {
	switch w {
	case "gmail", "hotmail", "outlook", "yahoo", "icloud", "live", "protonmail", "proton", "gmx", "ukr", "meta", "mail", "msn", "aol", "web", "online", "orange", "wanadoo", "googlemail", "icould":
		return true
	}
	return false
}

// stem says whether w begins with one of the Cyrillic stems, which a space separates.
func stem(w, stems string) bool {
	if w[0] < 0x80 { // they are Cyrillic
		return false
	}
	for stems != "" {
		s, rest, _ := strings.Cut(stems, " ")
		if strings.HasPrefix(w, s) {
			return true
		}
		stems = rest
	}
	return false
}

// phoneWord says whether w calls what follows a phone number.
func phoneWord(w string) bool {
	switch w {
	case "phone", "phones", "telephone", "tel", "mobile", "mob", "cell", "call", "ring", "whatsapp", "viber", "sms", "fax", "desk", "dial", "signal",
		"tlf", "telefon", "telefonnummer", "mobil", "mobilnummer", "mobilen", "mobiltelefon", "nummeret", "telefonen", "mobilnr", "telefonnr", "tlfnr",
		"handy", "handynummer", "anrufen", "ruf", "rufen", "erreichbar", "rufnummer", "telefonisch", "handynr",
		"téléphone", "tél", "portable", "appelez", "appeler", "appelle", "teléfono", "telefono", "móvil", "movil", "celular", "llámame", "llama", "llámeme", "llamar", "llámenme", "tfno", "telf",
		"telefoon", "mobiel", "bel", "cellulare", "chiama", "chiamami", "komórka", "zadzwoń", "ringa", "puhelin", "puh", "answering", "texting",
		"вайбер", "вотсап", "ватсап", "смс", "моб", "тел", "هاتف", "الهاتف", "هاتفي", "جوال", "جوالي", "الجوال", "موبايل", "تلفون", "اتصل", "اتصلوا", "واتساب", "الواتساب", "رقمي", "تلفوني":
		return true
	}
	return stem(w, "телефон дзвон подзвон зателефон набер мобільн звоните позвон")
}

// numberWord says whether w means a number, which is a phone's when it is somebody's.
func numberWord(w string) bool {
	switch w {
	case "number", "nummer", "nummeret", "номер", "numéro", "número", "numero", "nr":
		return true
	}
	return false
}

// somebodys says whether w before a number word says whose it is.
func somebodys(w string) bool {
	switch w {
	case "my", "her", "his", "our", "their", "mitt", "min", "mine", "hennes", "hans", "мій", "його", "її", "новий", "meine", "mein", "seine", "ihre", "mon", "son", "mi", "su":
		return true
	}
	return false
}

// cardWord says whether w calls what follows a payment card.
func cardWord(w string) bool {
	switch w {
	case "card", "cards", "cc", "visa", "mastercard", "maestro", "kort", "kortet", "kortnummer", "bankkort", "kredittkort", "karte", "kreditkarte", "carte", "tarjeta", "بطاقة", "بطاقتي", "البطاقة", "carta", "karta":
		return true
	}
	return stem(w, "картк карт")
}

// idWord says whether w calls what follows a person's number.
func idWord(w string) bool {
	switch w {
	case "ssn", "itin", "bsn", "cpr", "personnummer", "fødselsnummer", "fødselsnummeret", "personnummeret", "personnr", "fnr", "social", "burgerservicenummer", "sofinummer", "іпн", "рнокпп", "снілс",
		"pesel", "rijksregisternummer", "dni", "nie", "nif", "nino", "steuer", "sozialversicherungsnummer", "ahv", "cédula":
		return true
	}
	return false
}

// reference says whether w calls what follows the number of a thing, no phone.
func reference(w string) bool {
	switch w {
	case "order", "ref", "reference", "case", "ticket", "invoice", "isbn", "issn", "doi", "id", "code", "booking", "serial", "room", "article", "art", "ordre", "ordrenummer", "sak", "saksnummer", "faktura",
		"kode", "koden", "referanse", "org", "orgnr", "organisasjonsnummer", "kid", "konto", "kontonummer", "account", "bestilling", "bestellung", "bestellnummer", "rechnung", "aktenzeichen", "kundennummer", "kundenummer",
		"commande", "facture", "dossier", "référence", "pedido", "factura", "expediente", "referencia", "código", "codigo", "код", "коду", "замовлення", "рахунок", "рахунку", "справа", "справи", "квиток", "طلب", "الطلب", "فاتورة", "رمز", "population",
		"course", "track", "tracking", "barcode", "version", "build", "lottery", "lotto":
		return true
	}
	return false
}

// document says whether w is a word for a passport or a driving licence.
func document(w string) bool {
	switch w {
	case "passport", "passnummer", "passnr", "reisepass", "passeport", "pasaporte", "passaporto", "paszport", "paspoort", "pass", "جواز", "جوازي", "driver", "drivers", "licence", "license", "førerkort", "führerschein", "permis":
		return true
	}
	return stem(w, "паспорт посвідченн")
}

func version(w string) bool { return w == "version" || w == "v" || w == "ver" || w == "versjon" }

// currency says whether w before a number makes it money.
func currency(w string) bool {
	switch w {
	case "kr", "nok", "usd", "eur", "gbp", "sek", "dkk", "uah", "pln", "chf", "euro", "rs":
		return true
	}
	return false
}

// unit says whether w behind a number says what it counts.
func unit(w string) bool {
	switch w {
	case "kr", "kroner", "kronor", "nok", "usd", "eur", "euro", "euros", "gbp", "sek", "dkk", "uah", "pln", "zł", "chf", "грн", "гривень", "гривні", "гривня", "dollars", "dollar", "pounds", "million", "millioner", "мільйонів", "دينار", "دولار", "ريال", "يورو", "جنيه",
		"people", "persons", "participants", "users", "hours", "minutes", "days", "km", "m", "meter", "metres", "kg", "g", "mb", "gb", "personer", "mennesker", "deltakere", "innbyggere", "timer", "minutter", "dager", "min", "mins", "minutt", "time", "år", "uker", "stk", "ganger", "skritt",
		"menschen", "leute", "stunden", "minuten", "tage", "jahre", "personen", "teilnehmer", "mal", "uhr", "personnes", "heures", "jours", "mètres", "ans", "fois", "personas", "horas", "minutos", "días", "metros", "años", "veces",
		"людей", "осіб", "годин", "години", "хвилин", "хвилини", "днів", "метрів", "років", "разів", "кроків", "км", "хв", "год", "steps", "times", "words", "points", "poeng", "kilometer", "years", "weeks", "months", "شخص", "دقيقة", "ساعة", "سنة", "كيلومتر", "متر", "مرات", "دقائق", "ساعات", "أيام", "am", "pm", "sekunder", "seconds", "kilometres", "miles", "views", "likes":
		return true
	}
	return false
}
