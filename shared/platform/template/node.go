package template

import (
	"fmt"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// at walks down mappings by key; nil where the way ends.
func at(node *yaml.Node, keys ...string) *yaml.Node {
	for _, key := range keys {
		if node == nil || node.Kind != yaml.MappingNode {
			return nil
		}
		var next *yaml.Node
		for i := 0; i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == key {
				next = node.Content[i+1]
			}
		}
		node = next
	}
	return node
}

// each calls f for every pair of a mapping, in order.
func each(node *yaml.Node, f func(key string, value *yaml.Node)) {
	if node == nil || node.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		f(node.Content[i].Value, node.Content[i+1])
	}
}

// items are the elements of a sequence.
func items(node *yaml.Node) []*yaml.Node {
	if node == nil || node.Kind != yaml.SequenceNode {
		return nil
	}
	return node.Content
}

// list is a sequence of texts, or the one text that stands where a sequence may.
func list(node *yaml.Node) []string {
	if node != nil && node.Kind == yaml.ScalarNode {
		return []string{node.Value}
	}
	var texts []string
	for _, item := range items(node) {
		texts = append(texts, text(item))
	}
	return texts
}

// text is a scalar, empty where there is none.
func text(node *yaml.Node) string {
	if node == nil || node.Kind != yaml.ScalarNode {
		return ""
	}
	return node.Value
}

func number(node *yaml.Node, otherwise int) (int, error) {
	if node == nil {
		return otherwise, nil
	}
	value, err := strconv.Atoi(text(node))
	if err != nil || intrinsic(node) {
		return 0, fmt.Errorf("%q: expected a whole number", text(node))
	}
	return value, nil
}

func first(nodes ...*yaml.Node) *yaml.Node {
	for _, node := range nodes {
		if node != nil {
			return node
		}
	}
	return nil
}

// intrinsic says that node is one of CloudFormation's short forms: !Ref, !GetAtt, !Sub, !If.
func intrinsic(node *yaml.Node) bool {
	return strings.HasPrefix(node.Tag, "!") && !strings.HasPrefix(node.Tag, "!!")
}

// refers is the logical id that !Ref Id or !GetAtt Id.Attribute names.
func refers(node *yaml.Node) string {
	if node == nil || (node.Tag != "!Ref" && node.Tag != "!GetAtt") {
		return ""
	}
	id, _, _ := strings.Cut(text(node), ".")
	return id
}

// unprefixed is a name without the stack's name in front.
func unprefixed(node *yaml.Node) string {
	return strings.TrimPrefix(text(node), "${AWS::StackName}-")
}
