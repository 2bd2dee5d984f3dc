package safety

import "strings"

// streetBefore says whether w is a street word that stands before the street's name.
func streetBefore(w string) bool {
	switch w {
	case "rue", "avenue", "av", "ave", "boulevard", "bd", "place", "chemin", "impasse", "allée", "quai", "route", "faubourg", "passage",
		"calle", "c", "avenida", "avda", "plaza", "paseo", "camino", "carrer", "ronda", "travesía", "rua", "travessa", "praça", "via", "viale", "piazza", "corso", "vicolo",
		"ul", "ulica", "ulicy", "aleja", "plac", "osiedle", "вул", "вулиця", "вулиці", "вулицю", "вулицею", "пров", "провулок", "провулку", "просп", "проспект", "проспекті", "проспекту", "бульвар", "бульварі", "бульв",
		"площа", "площі", "шосе", "узвіз", "набережна", "набережній", "ул", "улица", "улице", "шоссе", "شارع", "vej", "straße":
		return true
	}
	return false
}

// streetBehind says whether w is a street word that stands behind the street's name, and the number before both.
func streetBehind(w string) bool {
	switch w {
	case "street", "st", "str", "road", "rd", "avenue", "ave", "lane", "ln", "drive", "dr", "court", "ct", "boulevard", "blvd", "way", "place", "pl", "square", "sq", "terrace", "crescent", "gardens",
		"grove", "highway", "hwy", "parkway", "mews", "close", "circle", "turnpike", "row", "hill", "creek":
		return true
	}
	return false
}

// streetAlone says whether w is a street word that stands behind the street's name, and the number behind both: "Karl Johans gate 5".
func streetAlone(w string) bool {
	switch w {
	case "gate", "gata", "gaten", "vei", "veg", "veien", "vegen", "allé", "plass", "torg", "torget", "brygge", "terrasse", "straße", "strasse", "str", "platz", "allee", "weg", "ring", "damm", "ufer", "gasse",
		"gade", "vej", "väg", "vägen", "gatan", "straat", "laan", "weg.", "plein", "út", "utca", "u", "tér", "street", "road", "avenue":
		return true
	}
	return false
}

// compound says whether w ends with a street word: Storgata, Hauptstraße, Vesterbrogade, Prinsengracht, Koskikatu.
func compound(w string) bool {
	if len(w) < 6 {
		return false
	}
	switch w[len(w)-1] {
	case 'e':
		return ends(w, "gate straße strasse gade allee gasse") || len(w) > 6 && ends(w, "tie")
	case 'a':
		return ends(w, "gata kuja")
	case 'n':
		return ends(w, "gaten veien vegen gatan vägen bakken svingen stien plassen haugen kroken gränden laan stigen tunvegen")
	case 'i':
		return ends(w, "vei straeti stræti")
	case 'g':
		return ends(w, "veg väg weg")
	case 't':
		return ends(w, "torget straat gracht tunet vænget braut")
	case 'z':
		return ends(w, "platz")
	case 'm':
		return ends(w, "damm")
	case 'j':
		return ends(w, "vej")
	case 'u':
		return ends(w, "katu polku")
	case 's':
		return ends(w, "plass")
	case 'r':
		return ends(w, "str ufer") && !ends(w, "äufer")
	}
	return strings.HasSuffix(w, "allé")
}

// ends says whether w ends with one of the endings, which a space separates, and has something before it.
func ends(w, endings string) bool {
	for endings != "" {
		e, rest, _ := strings.Cut(endings, " ")
		if strings.HasSuffix(w, e) && len(w) > len(e)+1 {
			return true
		}
		endings = rest
	}
	return false
}

// commonNoun says whether w ends like a street and is none.
func commonNoun(w string) bool {
	switch w {
	case "arbeidsplass", "arbeidsplassen", "parkeringsplass", "parkeringsplassen", "lekeplass", "lekeplassen", "sitteplass", "praksisplass", "praksisplassen", "læreplass", "barnehageplass", "studieplass", "kursplass", "soveplass", "møteplass", "møteplassen", "skoleplass",
		"arbeidsvei", "arbeidsveien", "skolevei", "skoleveien", "gangvei", "gangveien", "sykkelvei", "motorvei", "omvei", "utvei", "jernbanevei", "underveien", "hjemveien", "hjemvei", "gågate", "gågata", "gågaten", "bivei", "riksvei", "europavei", "fylkesvei",
		"arbeitsplatz", "sitzplatz", "parkplatz", "spielplatz", "sportplatz", "studienplatz", "kursplatz", "praktikumsplatz", "ausbildungsplatz", "stellplatz", "schlafplatz", "fußballplatz", "therapieplatz", "stehplatz", "kitaplatz", "heimweg", "schulweg", "umweg", "rückweg", "radweg", "arbeitsweg", "hinweg", "ausweg", "fußweg",
		"autobahn", "einbahnstraße", "bundesstraße", "landstraße", "delegate", "navigate", "investigate", "aggregate", "congregate", "mitigate", "propagate", "colgate", "agate", "irrigate", "litigate", "interrogate", "surrogate", "corrugate", "tollgate", "floodgate", "tailgate", "fumigate", "arbeidsstien", "kjerregata":
		return true
	}
	return ends(w, "arbeidsplassen skoleplassen idrettsplassen")
}

// link says whether w joins the words of a street's name.
func link(w string) bool {
	switch w {
	case "de", "du", "des", "la", "le", "les", "l", "d", "del", "los", "las", "el", "al", "da", "do", "dos", "das", "della", "delle", "dei", "di", "san", "i", "y", "und", "der", "den", "св", "ім", "імені":
		return true
	}
	return false
}

// online says whether w behind "via" is a way to meet that is no street.
func online(w string) bool {
	switch w {
	case "zoom", "teams", "skype", "whatsapp", "google", "facebook", "instagram", "email", "telegram", "messenger", "signal", "viber", "meet", "discord", "sms", "youtube", "linkedin", "vipps", "nav":
		return true
	}
	return false
}

// houseWord says whether w may stand between a street and its number.
func houseWord(w string) bool {
	switch w {
	case "буд", "будинок", "б", "д", "дом", "nr", "no", "nº", "número", "numero", "n", "num", "رقم", "مبنى", "بناية", "numer", "no.", "nummer":
		return true
	}
	return false
}

// flat says whether w before a number is a part of a house.
func flat(w string) bool {
	switch w {
	case "apt", "apartment", "suite", "unit", "flat", "floor", "leil", "leilighet", "oppgang", "etasje", "кв", "квартира", "під'їзд", "корп", "корпус", "whg", "wohnung", "etage", "stock", "appt", "appartement", "bât", "piso", "puerta", "escalera", "esc", "شقة", "طابق", "الطابق", "m", "box", "lgh", "sal":
		return true
	}
	return false
}

func postBox(w string) bool {
	switch w {
	case "box", "postboks", "postfach", "postbus", "apt", "suite", "apartado":
		return true
	}
	return false
}

// lead says whether w before a street's name is no part of it though a sentence begins with it.
func lead(w string) bool {
	switch w {
	case "i", "at", "in", "on", "på", "bor", "from", "ich", "wir", "jeg", "vi", "my", "the", "address", "adresse", "adressen", "hjemmeadresse", "min", "meine", "we", "she", "he", "im":
		return true
	}
	return false
}

// fieldPost says whether w is a post office of the American forces.
func fieldPost(w string) bool { return w == "apo" || w == "fpo" || w == "dpo" }

// ship says whether w stands before a ship's name.
func ship(w string) bool {
	return w == "uss" || w == "usns" || w == "usnv" || w == "uscgc" || w == "usnr"
}

// addressWord says whether w announces that what follows is, or may be, an address.
func addressWord(w string) bool {
	switch w {
	case "address", "addresses", "lives", "live", "lived", "living", "located", "adresse", "adressen", "hjemmeadresse", "adressa", "bor", "bodde", "bosatt", "anschrift", "wohne", "wohnt", "wohnen", "adres", "indirizzo", "abito", "mieszkam",
		"habite", "habitons", "domicile", "dirección", "direccion", "domicilio", "vivo", "vive", "адреса", "адресу", "адресою", "адресі", "живу", "мешкаю", "проживаю", "живемо", "العنوان", "عنواني", "أسكن", "اسكن":
		return true
	}
	return false
}

// leads says whether w may stand between such a word and the address.
func leads(w string) bool {
	switch w {
	case "is", "are", "at", "in", "on", "to", "it", "the", "corner", "of", "new", "my", "er", "i", "på", "ved", "min", "nye", "ist", "der", "im", "am", "est", "es", "en", "au", "à", "hos", "lautet", "в", "у", "на", "за", "м", "this", "same", "following", "that":
		return true
	}
	return false
}

// noStreet says whether w before a number is a part of a house, a time or a thing, and no street.
func noStreet(w string) bool {
	switch w {
	case "room", "building", "block", "floor", "line", "bus", "gate", "level", "group", "step", "number", "rom", "etasje", "linje", "nummer", "gruppe", "nivå", "zimmer", "raum", "etage", "stock", "haus", "salle", "étage", "niveau", "aula", "planta", "piso", "nivel", "кімната", "кімнаті", "поверх", "група", "since", "siden", "seit", "depuis", "desde",
		"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "mai", "januar", "februar", "märz", "juni", "juli", "oktober", "dezember",
		"الغرفة", "غرفة", "الطابق", "منذ":
		return true
	}
	return false
}

// where says whether w before a number announces an address.
func where(w string) bool {
	switch w {
	case "at", "address", "is", "live", "lives", "living", "to", "in", "on", "home", "house", "from":
		return true
	}
	return false
}

// state says whether w is one of the United States, or a military post office's region.
func state(w string) bool {
	const states = " al ak az ar ca co ct de fl ga hi id il in ia ks ky la me md ma mi mn ms mo mt ne nv nh nj nm ny nc nd oh ok or pa ri sc sd tn tx ut vt va wa wv wi wy dc pr aa ae ap "
	return strings.Contains(states, " "+w+" ")
}
