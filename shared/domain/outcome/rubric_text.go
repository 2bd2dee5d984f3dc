package outcome

// CurrentRubric is the rubric of RubricVersion. The caller may change what it gets.
func CurrentRubric() Rubric {
	return Rubric{
		Version: RubricVersion,
		Rules: []string{
			"Judge only what the writer says about themselves, at the time of writing. Other people's feelings are not the writer's: \"my mentee is brave now\" says nothing about the writer's confidence.",
			"Wishes, advice, questions, plans of the organisers and praise of the service (\"great session\", \"very useful, thank you\", \"the mentor is nice and prepared\") say nothing.",
			"Silence is null, never 0.5. About half of ordinary feedback says nothing at all.",
			"The score is how things are now, after any change that is told: \"I was afraid, now I speak\" is high, and a gain.",
			"Negation flips: \"not confident at all\" is low. Hedges pull to the middle: \"maybe a bit braver\" is 0.6. Of sarcasm, judge what is meant.",
			"The anchors are 0, 0.25, 0.5, 0.75 and 1; a whole text may lie in between.",
			"One sentence may speak of several dimensions: \"I made friends here and I smile again\" is belonging 0.75, a gain, and well_being 0.75, a gain.",
			"Do not stretch: judge a dimension only where a careful reader would point at the words.",
		},
		Directions: []Heading{
			{Gain, "better than before"},
			{Loss, "worse than before"},
			{State, "how it is; no change is told"},
		},
		Dimensions: []Criterion{confidence(), belonging(), langLevelProxy(), jobReadiness(), wellBeing()},
	}
}

// anchors makes the five levels of a dimension, two English examples each, one Norwegian and one Ukrainian.
func anchors(examples ...[4]string) (made [Levels]Anchor) {
	for i, e := range examples {
		made[i] = Anchor{float64(i) / (Levels - 1), []Example{{"en", e[0]}, {"en", e[1]}, {"no", e[2]}, {"uk", e[3]}}}
	}
	return made
}

func confidence() Criterion {
	return Criterion{
		Dimension:  Confidence,
		Definition: "Belief in one's own ability to do things.",
		Counts:     []string{"to speak, ask, apply, decide, try or manage alone", "not to be afraid of mistakes"},
		DoesNotCount: []string{
			"facts about skills without self-belief: \"I learned 20 words\"",
			"being confident of something else: that the bus comes",
		},
		Anchors: anchors(
			[4]string{
				"I will never be able to do this, I am just stupid.", "There is no point in trying, I fail at everything.",
				"Jeg kommer aldri til å klare dette, jeg er bare dum.", "Я ніколи цього не зможу, я просто дурна.",
			},
			[4]string{
				"I am still too shy to speak to anyone.", "I hardly ever ask, because I think I will say it wrong.",
				"Jeg er fortsatt for sjenert til å snakke med noen.", "Я досі соромлюся говорити й майже ніколи не питаю.",
			},
			[4]string{
				"Sometimes I dare to ask, sometimes not.", "I can phone the office if somebody sits beside me.",
				"Noen ganger tør jeg å spørre, andre ganger ikke.", "Інколи наважуюся запитати, а інколи ні.",
			},
			[4]string{
				"I am less afraid of making mistakes when I speak now.", "I speak up more often than I did before.",
				"Jeg er mindre redd for å gjøre feil når jeg snakker nå.", "Я вже менше боюся помилятися, коли говорю.",
			},
			[4]string{
				"I can do this on my own now, I know I am good at it.", "I rang the landlord myself and never doubted that I could.",
				"Nå klarer jeg dette alene, og jeg vet at jeg er flink til det.", "Тепер я роблю це сама і знаю, що добре вмію.",
			},
		),
	}
}

func belonging() Criterion {
	return Criterion{
		Dimension:  Belonging,
		Definition: "Being part of, accepted by and connected with people, a group or a place.",
		Counts:     []string{"having friends, being welcome", "or being lonely, excluded, foreign"},
		DoesNotCount: []string{
			"\"friendly staff\" as praise of a service",
			"having met many people as a mere fact, unless a tie is told",
		},
		Anchors: anchors(
			[4]string{
				"Nobody talks to me, I am completely alone here.", "I belong nowhere in this country.",
				"Ingen snakker med meg, jeg er helt alene her.", "Ніхто зі мною не розмовляє, я тут зовсім одна.",
			},
			[4]string{
				"I still feel like a guest in this town.", "The others stay together and I mostly sit by myself.",
				"Jeg føler meg fortsatt som en gjest i denne byen.", "Я досі почуваюся чужою в цьому місті.",
			},
			[4]string{
				"I know some people but no real friends.", "With the group I am fine, outside it I know nobody.",
				"Jeg kjenner noen, men har ingen ordentlige venner.", "Я знаю кількох людей, але справжніх друзів не маю.",
			},
			[4]string{
				"They welcomed me and I feel more at home.", "I have made a friend here whom I can call.",
				"De tok godt imot meg, og jeg føler meg mer hjemme.", "Мене добре прийняли, і я почуваюся більше як удома.",
			},
			[4]string{
				"This group is my second family.", "I belong here now, this is my town and these are my people.",
				"Denne gruppen er min andre familie.", "Ця група стала моєю другою родиною.",
			},
		),
	}
}

func langLevelProxy() Criterion {
	return Criterion{
		Dimension:  LangLevelProxy,
		Definition: "The level of the language in which the text is written, read from the writing itself; what the writer says about their language does not matter.",
		Counts:     []string{"vocabulary, grammar and linking", "texts of 50 words or more alone: what is shorter has no score; the evidence is the whole text"},
		DoesNotCount: []string{
			"what the text tells of language: \"my Norwegian is better now\"",
		},
		Anchors: anchors(
			[4]string{
				"Me good. Norway. School yes.", "Hello teacher thank book.",
				"Jeg bra. Skole ja. Takk.", "Я добре. Школа так. Дякую.",
			},
			[4]string{
				"I like my class. We have two lessons in the week and my teacher is kind.", "Yesterday I go to the shop and I buy bread because my son was hungry.",
				"Jeg liker klassen min. Vi har kurs på tirsdag, og læreren er snill.", "Мені подобається моя група. У вівторок ми маємо урок, і вчитель добрий.",
			},
			[4]string{
				"When I came here I did not understand much, but now I can talk with my neighbours if they speak slowly.", "I think the course was useful because we practised things that we need at work.",
				"Da jeg kom hit, forsto jeg ikke så mye, men nå kan jeg snakke med naboene hvis de snakker sakte.", "Коли я приїхала, я мало розуміла, але тепер можу поговорити із сусідами, якщо вони говорять повільно.",
			},
			[4]string{
				"Although the first weeks were demanding, I gradually found a way of working that suits both me and my colleagues.", "What surprised me most was how readily people share what they know, provided one takes the trouble to ask.",
				"Selv om de første ukene var krevende, fant jeg etter hvert en måte å arbeide på som passer både meg og kollegene.", "Хоча перші тижні були виснажливими, поступово я знайшла спосіб роботи, який влаштовує і мене, і колег.",
			},
			[4]string{
				"Had it not been for the mentor's dry wit, I might well have written the whole undertaking off as yet another well-meant exercise in futility.", "It is one thing to be fluent on paper, quite another to hold one's own when the conversation turns, as it invariably does, to matters nobody prepared you for.",
				"Hadde det ikke vært for mentorens tørre humor, kunne jeg fort ha avskrevet det hele som nok en velment øvelse uten mål og mening.", "Якби не тонкий гумор наставниці, я, либонь, давно махнула б рукою на цю затію як на ще одну доброзичливу марноту.",
			},
		),
		CEFR: []CEFR{{"A1", 0.1}, {"A2", 0.25}, {"B1", 0.45}, {"B2", 0.65}, {"C1", 0.85}, {"C2 or native", 1}},
	}
}

func jobReadiness() Criterion {
	return Criterion{
		Dimension:  JobReadiness,
		Definition: "Being prepared for work.",
		Counts: []string{
			"a CV, applications, interviews, a network, skills and papers for a job", "knowing the labour market, a career plan", "getting a job",
		},
		DoesNotCount: []string{
			"a wish for a job alone: \"I want to work\"", "somebody else's job", "that a CV workshop took place",
		},
		Anchors: anchors(
			[4]string{
				"I have no idea what work I could do here and no CV.", "I have no papers, no trade and nobody who could tell me where to begin.",
				"Jeg aner ikke hva slags jobb jeg kunne hatt her, og jeg har ingen CV.", "Не уявляю, ким могла б тут працювати, і резюме не маю.",
			},
			[4]string{
				"I do not understand how to apply, all were rejected.", "My diploma is not recognised and I do not know which jobs are left.",
				"Jeg skjønner ikke hvordan man søker, jeg har bare fått avslag.", "Не розумію, як подаватися на роботу, мені всюди відмовили.",
			},
			[4]string{
				"My CV is half done, I do not know how interviews go.", "I know which jobs exist, but not yet how to get one.",
				"CV-en er halvferdig, og jeg vet ikke hvordan et intervju foregår.", "Резюме готове наполовину, і я не знаю, як проходить співбесіда.",
			},
			[4]string{
				"My CV is finished and I know how to answer in an interview.", "I have sent three applications and know what to say when they call.",
				"CV-en er ferdig, og jeg vet hvordan jeg skal svare på et intervju.", "Резюме готове, і я знаю, що відповідати на співбесіді.",
			},
			[4]string{
				"I start on Monday as an electrician.", "I passed the exam and was invited to two interviews.",
				"Jeg begynner i jobb som elektriker på mandag.", "Я склала іспит, і мене запросили на дві співбесіди.",
			},
		),
	}
}

func wellBeing() Criterion {
	return Criterion{
		Dimension:  WellBeing,
		Definition: "Emotional and mental state.",
		Counts: []string{
			"happy, calm, hopeful, relieved, proud in general, rested", "or sad, anxious, stressed, exhausted, grieving, sleepless, hopeless",
		},
		DoesNotCount: []string{
			"satisfaction with the service: \"good course\", \"I liked the exercise\"", "bodily illness alone",
		},
		Anchors: anchors(
			[4]string{
				"I cry every night and see no way out.", "Everything is dark, I cannot go on like this.",
				"Jeg gråter hver natt og ser ingen vei ut.", "Я плачу щоночі й не бачу виходу.",
			},
			[4]string{
				"I am tired and stressed most days.", "I worry about my family and sleep badly.",
				"Jeg er sliten og stresset de fleste dager.", "Майже щодня я втомлена й напружена.",
			},
			[4]string{
				"Some days are good, some are heavy.", "I am neither happy nor sad these weeks.",
				"Noen dager er gode, andre er tunge.", "Бувають добрі дні, а бувають важкі.",
			},
			[4]string{
				"I feel calmer and sleep better.", "I laugh again, and I look forward to the week.",
				"Jeg føler meg roligere og sover bedre.", "Я стала спокійнішою і краще сплю.",
			},
			[4]string{
				"I have not been this happy for years.", "I wake up glad and full of hope every morning.",
				"Jeg har ikke vært så lykkelig på mange år.", "Я вже багато років не була такою щасливою.",
			},
		),
	}
}
