// template_peer ROUNDS - the template of tests/template-bench.c by Go's text/template, over structs.
//
// Prints "NAME VALUE" lines: processor time in microseconds, that of collecting garbage with it.
package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"text/template"
)

const text = "global\n  maxconn 4096\n\ndefaults\n  mode http\n{{ range services }}{{ if ne .Name \"consul\" }}\n" +
	"backend {{ .Name | toLower }}\n  balance roundrobin\n{{- range service .Name }}\n" +
	"  server {{ .ID }} {{ .Address }}:{{ .Port }} check\n{{- end }}\n{{ end }}{{ end }}"

type instance struct {
	ID, Address string
	Port        int
	Tags        []string
}

type service struct{ Name string }

func spent() float64 {
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e3
}

func main() {
	rounds, _ := strconv.Atoi(os.Args[1])
	var names []*service
	sets := map[string][]*instance{}
	for i := 0; i < 200; i++ {
		name := fmt.Sprintf("service-%03d", i)
		names = append(names, &service{name})
		for n := 0; n < 20; n++ {
			sets[name] = append(sets[name], &instance{fmt.Sprintf("service-%03d-%02d", i, n),
				fmt.Sprintf("10.%d.%d.%d", i, i, n), 20000 + n, []string{"blue", "v1"}})
		}
	}
	functions := template.FuncMap{
		"services": func() []*service { return names },
		"service":  func(name string) []*instance { return sets[name] },
		"toLower":  strings.ToLower,
	}
	var parsed *template.Template
	start := spent()
	for i := 0; i < rounds; i++ {
		parsed = template.Must(template.New("haproxy").Funcs(functions).Parse(text))
	}
	fmt.Printf("parse %.1f\n", (spent()-start)/float64(rounds))
	var out bytes.Buffer
	start = spent()
	for i := 0; i < rounds/5; i++ {
		out.Reset()
		if err := parsed.Execute(&out, nil); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	fmt.Printf("render %.1f\noutput %d\n", (spent()-start)/float64(rounds/5), out.Len())
}
