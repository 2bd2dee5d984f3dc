package main

import (
	"fmt"
	"go/format"
	"regexp"
	"slices"
	"strings"

	"github.com/teei/csr-platform/shared/platform/template"
)

const importPrefix = "\t\"github.com/teei/csr-platform/functions/"

// listFunction adds p to functions/all.go: its import where it sorts, and the function behind the one whose import comes before.
func listFunction(text string, p planned) (string, error) {
	imported := importPrefix + p.Kind + "/" + p.Name + "\"\n"
	start, end, err := block(text, "import (\n", "\n)\n")
	if err != nil {
		return "", err
	}
	at, previous := start, ""
	for line := range strings.SplitAfterSeq(text[start:end], "\n") {
		if !strings.HasPrefix(line, importPrefix) || line > imported {
			break
		}
		at += len(line)
		previous = strings.TrimSuffix(line[strings.LastIndex(line, "/")+1:], "\"\n")
	}
	text = text[:at] + imported + text[at:]
	start, end, err = block(text, "All = []fn.Function{\n", "\n}\n")
	if err != nil {
		return "", err
	}
	behind := "\t" + previous + ".Function,\n"
	at = strings.Index(text[start:end], behind)
	switch {
	case previous == "":
		at = start
	case at < 0:
		at = end
	default:
		at += start + len(behind)
	}
	return formatted(text[:at] + "\t" + p.Name + ".Function,\n" + text[at:])
}

var rolesList = regexp.MustCompile(`(?m)^\t(\w+)\s+= \[\]identity\.Role\{`)

// permit adds the route of p to the permission table.
func permit(text string, p planned) (string, error) {
	var lists []string
	for _, found := range rolesList.FindAllStringSubmatch(text, -1) {
		lists = append(lists, found[1])
	}
	if p.guarded() && !slices.Contains(lists, p.Roles) {
		return "", fmt.Errorf("%s is no list of roles: %s (ROLES=, -roles)", p.Roles, strings.Join(lists, ", "))
	}
	rule := map[string]string{
		"webhooks": "\n\t\"POST " + p.Path() + "\": {},\n",
		"reports":  "\n\t\"GET " + p.Path() + "\": {Roles: " + p.Roles + ", Of: Company},\n",
		"api":      "\n\t\"GET " + p.Path() + "\": {Roles: " + p.Roles + "},\n",
	}[p.Kind]
	_, end, err := block(text, "Table = map[string]Rule{\n", "\n}\n")
	if err != nil {
		return "", err
	}
	return formatted(text[:end] + rule + text[end:])
}

// hear takes the event that p hears off the list of those that nobody does.
func hear(text string, p planned) (string, error) {
	const list = "nobodyHears = map[string]string{"
	if strings.Contains(text, list+"}\n") {
		return text, nil
	}
	start, end, err := block(text, list+"\n", "\n}\n")
	if err != nil {
		return "", err
	}
	var left strings.Builder
	for line := range strings.SplitAfterSeq(text[start:end], "\n") {
		if !strings.HasPrefix(line, "\t\""+p.Hears+"\":") {
			left.WriteString(line)
		}
	}
	return formatted(text[:start] + left.String() + text[end:])
}

// replay adds the sender of p to those whose refused deliveries staff can hand over again.
func replay(text string, p planned) (string, error) {
	start, _, err := block(text, "import (\n", "\n)\n")
	if err != nil {
		return "", err
	}
	at := strings.Index(text[start:], importPrefix)
	if at < 0 {
		return "", fmt.Errorf("expected an import below %s", strings.TrimPrefix(importPrefix, "\t\""))
	}
	at += start
	text = text[:at] + importPrefix + "internal/" + p.Name + "\"\n" + text[at:]
	_, end, err := block(text, "replayable = map[string]delivery.Replayable{\n", "\n}\n")
	if err != nil {
		return "", err
	}
	return formatted(text[:end] + "\t\"webhooks/" + p.Name + "\": " + p.Name + ".Webhook,\n" + text[end:])
}

func formatted(text string) (string, error) {
	source, err := format.Source([]byte(text))
	return string(source), err
}

// block finds what lies between the line opening and the line closing.
func block(text, opening, closing string) (start, end int, err error) {
	start = strings.Index(text, opening)
	if start < 0 {
		return 0, 0, fmt.Errorf("expected a line with %q", strings.TrimSpace(opening))
	}
	start += len(opening)
	length := strings.Index(text[start-1:], closing)
	if length < 0 {
		return 0, 0, fmt.Errorf("expected %q to end with %q", strings.TrimSpace(opening), strings.TrimSpace(closing))
	}
	return start, start + length, nil
}

// sections are the headings of template.yaml in front of which the stanza of a kind goes: at the end of the kind's own section.
var sections = map[string]string{
	"webhooks":  "  # ── API ",
	"api":       "  # ── Reports ",
	"reports":   "  # ── Consumers",
	"consumers": "  # One policy for all queues",
	"jobs":      "  # ── Alarms",
}

// deploy adds p to template.yaml: its stanza and, for a consumer, its queue wherever queues are listed. The result must read as a
// template that has the function.
func deploy(text string, p planned) (string, error) {
	name := map[string]string{"consumers": "consumers.yaml", "jobs": "jobs.yaml"}[p.Kind]
	if name == "" {
		name = "web.yaml"
	}
	stanza, err := fill(name, p)
	if err != nil {
		return "", err
	}
	at := strings.Index(text, sections[p.Kind])
	if at < 0 {
		return "", fmt.Errorf("expected a line that begins with %q", sections[p.Kind])
	}
	if heading := "  # ── Jobs "; p.Kind == "jobs" && !strings.Contains(text, heading) {
		stanza = heading + strings.Repeat("─", 111) + "\n\n" + stanza
	}
	text = text[:at] + stanza + text[at:]
	if p.Kind == "consumers" {
		text, err = listQueues(text, p)
		if err != nil {
			return "", err
		}
	}
	read, err := template.Read([]byte(text))
	if err != nil {
		return "", err
	}
	if _, found := read.Function(p.Kind + "/" + p.Name); !found {
		return "", fmt.Errorf("the stanza of %s/%s did not arrive", p.Kind, p.Name)
	}
	return text, nil
}

var replayQueues = regexp.MustCompile(`(sqs:SendMessage, Resource: \[)([^\]]*)(\])`)

// listQueues names a consumer's queues in the three places that list them all: who may send to them, who may replay, who is watched.
func listQueues(text string, p planned) (string, error) {
	text, err := inResource(text, "QueuePolicy", func(lines string) string {
		return strings.Replace(lines, "      PolicyDocument:\n", fmt.Sprintf("        - !Ref %sQueue\n        - !Ref %sDead\n      PolicyDocument:\n", p.Title(), p.Title()), 1)
	})
	if err != nil {
		return "", err
	}
	text, err = inResource(text, "ApiDeliveries", func(lines string) string {
		return replayQueues.ReplaceAllString(lines, "${1}${2}, !GetAtt "+p.Title()+"Queue.Arn${3}")
	})
	if err != nil {
		return "", err
	}
	return inResource(text, "DeadLetters", func(lines string) string {
		return lines + strings.NewReplacer("NAME", p.Name, "TITLE", p.Title()).Replace(`        - Id: NAME
          ReturnData: false
          MetricStat:
            Metric: {Namespace: AWS/SQS, MetricName: ApproximateNumberOfMessagesVisible, Dimensions: [{Name: QueueName, Value: !GetAtt TITLEDead.QueueName}]}
            Period: 300
            Stat: Maximum
`)
	})
}

// inResource edits the lines of one resource, from its name to the next empty line. An edit that changes nothing is an error.
func inResource(text, id string, edit func(string) string) (string, error) {
	start := strings.Index(text, "\n  "+id+":\n")
	if start < 0 {
		return "", fmt.Errorf("expected the resource %s", id)
	}
	start++
	length := strings.Index(text[start:], "\n\n")
	if length < 0 {
		return "", fmt.Errorf("expected an empty line after the resource %s", id)
	}
	end := start + length + 1
	before := text[start:end]
	edited := edit(before)
	if edited == before {
		return "", fmt.Errorf("the resource %s is not written as expected, so no queue could be added to it", id)
	}
	return text[:start] + edited + text[end:], nil
}
